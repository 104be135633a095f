import { Cart } from "../src/cart.js";

describe("a cart", () => {
  test("costs nothing while it is empty", () => {
    expect(new Cart().total).toBe(0);
  });

  describe("with two books", () => {
    test("costs twice the price", () => {
      const cart = new Cart();
      cart.add("book", 1299, 2);
      expect(cart.total).toBe(2598);
    });
  });

  test.each([0, -1])("refuses %i of a thing", (count) => {
    expect(() => new Cart().add("book", 1299, count)).toThrow(RangeError);
  });

  test.todo("knows vouchers");
});
