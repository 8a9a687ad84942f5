/** Square's amounts: whole numbers of the currency's minor unit. */
import { currencyExponent, type Money, zeroMoney } from "../../../orders/money.ts";
import { firstText, textAt, UnreadableAmount } from "../../vendor-kit/vendor-json.ts";

/** Exact. @param currency where the amount names none. @throws UnreadableAmount */
export function moneyOf(value: unknown, what: string, currency: string): Money {
  const digits = textAt(value, "amount");
  if (digits === "") return zeroMoney(currency);
  const code = firstText(textAt(value, "currency").toUpperCase(), currency);
  const minor = Number(digits);
  if (!/^-?\d+$/.test(digits) || !Number.isSafeInteger(minor))
    throw new UnreadableAmount(`${what} "${digits}" ${code} is not an amount`);
  return { minor: minor === 0 ? 0 : minor, currency: code, exponent: currencyExponent(code) ?? 2 };
}
