import { describe, expect, test } from "vitest";
import { shown, total } from "../src/prices.js";

test("prices add up", () => {
  expect(total([{ price: 250, count: 2 }, { price: 100, count: 1 }])).toBe(600);
});

describe("a price is shown", () => {
  test("with two decimals", () => {
    expect(shown(1290)).toBe("12.90 EUR");
  });

  test.skip("as the reader's language wants it", () => {
    expect(shown(1290)).toBe("12,90 €");
  });
});
