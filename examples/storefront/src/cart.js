import { total } from "./prices.js";

export class Cart {
  #items = [];

  add(name, price, count = 1) {
    if (count < 1) {
      throw new RangeError(`count must be at least 1, not ${count}`);
    }
    this.#items.push({ name, price, count });
  }

  get total() {
    return total(this.#items);
  }
}
