"""Modules with objects that put something off, how a test asks for it, and what each has it made of."""

LIBRARY = {
    "cached.py": """
        import functools

        class Config:
            @functools.cached_property
            def rates(self):
                return load()

        def load():
            return [1]

        CONFIG = Config()
    """,
    "lazy.py": """
        class Shop:
            def __init__(self):
                self._items = None

            def items(self):
                if self._items is None:
                    self._items = fetch()
                return self._items

        def fetch():
            return [2]

        SHOP = Shop()
    """,
    "by_two.py": """
        class Shop:
            items = ()

            def all(self):
                if not self.items:
                    self._load()
                return self.items

            def _load(self):
                self.items = fetch()

        def fetch():
            return [3]

        SHOPS = {"here": [Shop()]}
    """,
    "trying.py": """
        class Shop:
            @property
            def items(self):
                try:
                    return self._items
                except AttributeError:
                    self._items = fetch()
                    return self._items

        def fetch():
            return [4]

        class Mall:
            def __init__(self):
                self.shop = Shop()

        MALL = Mall()
    """,
    "by_decorator.py": """
        class memo:
            def __init__(self, function):
                self.function = function
                self.cache = {}

            def __call__(self, *arguments):
                if arguments not in self.cache:
                    self.cache[arguments] = self.function(*arguments)
                return self.cache[arguments]

        @memo
        def price(number):
            return rate() * number

        @memo
        def other(number):
            return number

        def rate():
            return 5
    """,
    "by_descriptor.py": """
        class lazy:
            def __init__(self, function):
                self.function = function

            def __set_name__(self, owner, name):
                self.name = name

            def __get__(self, one, owner):
                made = one.__dict__[self.name] = self.function(one)
                return made

        class Shop:
            @lazy
            def goods(self):
                return fetch()

        def fetch():
            return [6]

        SHOP = Shop()
    """,
    "by_wrapper.py": """
        import functools

        def once(function):
            name = "_" + function.__name__

            @functools.wraps(function)
            def asked(self):
                if not hasattr(self, name):
                    setattr(self, name, function(self))
                return getattr(self, name)

            return asked

        class Shop:
            @once
            def stock(self):
                return fetch()

        def fetch():
            return [7]

        SHOP = Shop()
    """,
    "by_default.py": """
        def known(key, cache={}):
            if key not in cache:
                cache[key] = fetch()
            return cache[key]

        def fetch():
            return [8]
    """,
    "by_cache.py": """
        import functools

        class Shop:
            def __init__(self):
                self.price = functools.lru_cache(maxsize=None)(self._price)

            def _price(self, number):
                return rate() * number

        def rate():
            return 9

        SHOP = Shop()
    """,
    "by_name.py": """
        class Settings:
            def __getattr__(self, name):
                value = self.__dict__[name] = fetch()
                return value

        def fetch():
            return [10]

        SETTINGS = Settings()
    """,
    "missing.py": """
        class Rates(dict):
            def __missing__(self, key):
                self[key] = made = fetch()
                return made

        def fetch():
            return [11]

        RATES = Rates()
    """,
    "made_later.py": """
        import functools

        class App:
            @functools.cached_property
            def routes(self):
                return fetch()

        def fetch():
            return [12]

        _app = None

        def app():
            global _app
            if _app is None:
                _app = App()
            return _app
    """,
    "slotted.py": """
        class Shop:
            __slots__ = ("_items",)

            def items(self):
                if not hasattr(self, "_items"):
                    self._items = fetch()
                return self._items

        def fetch():
            return [13]

        SHOP = Shop()
    """,
    "in_closure.py": """
        class Shop:
            def __init__(self):
                self._items = None

            def items(self):
                if self._items is None:
                    self._items = fetch()
                return [each for each in self._items if self]

        def fetch():
            return [14]

        def handing_out():
            shop = Shop()
            return lambda: shop.items()

        items = handing_out()
    """,
    "of_two_tests.py": """
        import functools

        class Shop:
            @functools.cached_property
            def own(self):
                return fetch()

        def fetch():
            return [15]
    """,
}
LIBRARY["made_at_once.py"] = LIBRARY["made_later.py"].replace("12", "17").replace("routes", "paths")
LIBRARY["imported_late.py"] = LIBRARY["cached.py"].replace("[1]", "[18]").replace("rates", "charges")
CALLS = {
    "cached": "cached.CONFIG.rates",
    "lazy": "lazy.SHOP.items()",
    "by_two": "by_two.SHOPS['here'][0].all()",
    "trying": "trying.MALL.shop.items",
    "by_decorator": "by_decorator.price(2)",
    "by_descriptor": "by_descriptor.SHOP.goods",
    "by_wrapper": "by_wrapper.SHOP.stock()",
    "by_default": "by_default.known(1)",
    "by_cache": "by_cache.SHOP.price(2)",
    "by_name": "by_name.SETTINGS.anything",
    "missing": "missing.RATES['a']",
    "slotted": "slotted.SHOP.items()",
    "in_closure": "in_closure.items()",
}
NUMBERS = {name: number for number, name in enumerate(LIBRARY, start=1)}
