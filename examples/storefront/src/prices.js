export function total(items) {
  return items.reduce((sum, { price, count }) => sum + price * count, 0);
}

export function shown(cents, currency = "EUR") {
  return `${(cents / 100).toFixed(2)} ${currency}`;
}
