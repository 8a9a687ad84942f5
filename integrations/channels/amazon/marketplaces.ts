/** What an order's marketplace says where the order itself does not: of its money, and of invoices. */

/** Currency of a marketplace, for orders that state no amount yet. */
export const MARKETPLACE_CURRENCY: ReadonlyMap<string, string> = new Map([
  ["ATVPDKIKX0DER", "USD"],
  ["A2EUQ1WTGCTBG2", "CAD"],
  ["A1AM78C64UM0Y8", "MXN"],
  ["A2Q3Y263D00KWC", "BRL"],
  ["A1RKKUPIHCS9HS", "EUR"],
  ["A1F83G8C2ARO7P", "GBP"],
  ["A13V1IB3VIYZZH", "EUR"],
  ["A1PA6795UKMFR9", "EUR"],
  ["APJ6JRA9NG5V4", "EUR"],
  ["A1805IZSGTT6HS", "EUR"],
  ["AMEN7PMS3EDWL", "EUR"],
  ["A28R8C7NBKEWEA", "EUR"],
  ["A2NODRKZP88ZB9", "SEK"],
  ["A1C3SOZRARQ6R3", "PLN"],
  ["A33AVAJ2PDY3EV", "TRY"],
  ["ARBP9OOSHTCHU", "EGP"],
  ["A2VIGQ35RCS4UG", "AED"],
  ["A17E79C6D8DWNP", "SAR"],
  ["A21TJRUUN4KGV", "INR"],
  ["AE08WJ6YKNBMC", "ZAR"],
  ["A19VAU5U5O7RUS", "SGD"],
  ["A39IBJ37TRP1C6", "AUD"],
  ["A1VC38T7YXB528", "JPY"],
]);

/** Marketplaces without value added tax: taxes come on top of prices. Everywhere else prices contain them. */
export const TAXES_ON_TOP: ReadonlySet<string> = new Set(["ATVPDKIKX0DER", "A2EUQ1WTGCTBG2"]);

/**
 * Marketplaces whose sellers upload their invoices (feed UPLOAD_VAT_INVOICE): Germany, Spain, France, Italy,
 * the Netherlands, Poland, Sweden, the United Kingdom. Amazon refuses the feed for any other.
 */
export const TAKES_INVOICES: ReadonlySet<string> = new Set([
  "A1PA6795UKMFR9",
  "A1RKKUPIHCS9HS",
  "A13V1IB3VIYZZH",
  "APJ6JRA9NG5V4",
  "A1805IZSGTT6HS",
  "A1C3SOZRARQ6R3",
  "A2NODRKZP88ZB9",
  "A1F83G8C2ARO7P",
]);
