"""What runs inside an application's own interpreter: standard library and its pytest only, Python 3.8 and later."""
