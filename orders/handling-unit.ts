/**
 * Licence plates of handling units (totes, cartons): GS1 SSCC-18 numbers, that is an extension digit, the
 * company's GS1 prefix, a serial reference and a check digit. The prefix here is one that GS1 keeps for
 * demonstrations (952…).
 */
const COMPANY_PREFIX = "9521234";

/**
 * @param serial 0 to 9,999,999,999: its first digit is the extension digit, the other nine the serial
 * reference.
 */
export function handlingUnitNumber(serial: number): string {
  if (!Number.isSafeInteger(serial) || serial < 0 || serial > 9_999_999_999)
    throw new RangeError(`a handling unit's serial has up to ten digits, not ${serial}`);
  const digits = String(serial).padStart(10, "0");
  const body = digits.slice(0, 1) + COMPANY_PREFIX + digits.slice(1);
  return body + gs1CheckDigit(body);
}

/** Whether `text` is an SSCC-18 with a right check digit. */
export function isHandlingUnitNumber(text: string): boolean {
  return /^\d{18}$/.test(text) && gs1CheckDigit(text.slice(0, 17)) === text.slice(17);
}

const ZERO = "0".charCodeAt(0);

/** GS1's check digit of `body`, which is digits: weights 3 and 1 in turn, counted from the right. */
export function gs1CheckDigit(body: string): string {
  let sum = 0;
  for (let fromRight = 0; fromRight < body.length; fromRight += 1)
    sum += (body.charCodeAt(body.length - 1 - fromRight) - ZERO) * (fromRight % 2 === 0 ? 3 : 1);
  return String((10 - (sum % 10)) % 10);
}
