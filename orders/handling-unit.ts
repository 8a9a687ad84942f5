/**
 * Licence plates of handling units (totes, cartons): GS1 SSCC-18 numbers, that is an extension digit, the
 * company's GS1 prefix, a serial reference and a check digit.
 *
 * A company that has no prefix of GS1's has plates all the same, under one that GS1 keeps for demonstrations
 * (952…). They are good for its own floor, and nobody outside is told of them: another company may have the
 * same.
 */
const DEMONSTRATION = "9521234";

/** As GS1 gives them to companies. */
export function isGs1Prefix(text: string): boolean {
  return /^\d{6,12}$/.test(text);
}

/** Serials begin anew after so many: a longer prefix leaves fewer. */
export function handlingUnitSerials(prefix: string | null): number {
  return 10 ** Math.min(10, 17 - (prefix ?? DEMONSTRATION).length);
}

/**
 * @param serial from 0 on, and below `handlingUnitSerials`: its first digit is the extension digit, the
 *   others are the serial reference.
 * @param prefix of the company; null: it has none
 */
export function handlingUnitNumber(serial: number, prefix: string | null = null): string {
  const company = prefix ?? DEMONSTRATION;
  if (!Number.isSafeInteger(serial) || serial < 0 || serial >= handlingUnitSerials(prefix))
    throw new RangeError(`a handling unit's serial is below ${handlingUnitSerials(prefix)}, not ${serial}`);
  const digits = String(serial).padStart(17 - company.length, "0");
  const body = digits.slice(0, 1) + company + digits.slice(1);
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
