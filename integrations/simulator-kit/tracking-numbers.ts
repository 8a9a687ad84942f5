/** Tracking numbers in the carriers' own formats, with their check digits. Pure. */

/** USPS IMpb: 22 digits; GS1 mod 10 over the first 21, from the right with weights 3 and 1. */
export function uspsTrackingNumber(serial: bigint): string {
  const body = `9400111${digits(serial, 14)}`;
  return body + gs1CheckDigit(body);
}

/** UPS: `1Z`, six characters of the shipper, two digits of the service, seven of the parcel, check digit. */
export function upsTrackingNumber(serial: bigint, serviceCode: string): string {
  const body = `HF${digits(serial / 10_000_000n, 4)}${serviceCode}${digits(serial, 7)}`;
  return `1Z${body}${upsCheckDigit(body)}`;
}

/** FedEx: 12 digits; weights 3, 1, 7 from the left, sum mod 11 mod 10. */
export function fedexTrackingNumber(serial: bigint): string {
  const body = `77${digits(serial, 9)}`;
  return body + fedexCheckDigit(body);
}

/** DHL Express: 10 digits; the first nine mod 7. */
export function dhlTrackingNumber(serial: bigint): string {
  const body = `4${digits(serial, 8)}`;
  return body + dhlCheckDigit(body);
}

export function gs1CheckDigit(body: string): string {
  const sum = [...body].reduceRight(
    (total, digit, index) => total + Number(digit) * ((body.length - index) % 2 === 1 ? 3 : 1),
    0,
  );
  return String((10 - (sum % 10)) % 10);
}

/**
 * Over the fifteen characters after `1Z`: letters count as (code - 63) mod 10, every second character twice.
 */
export function upsCheckDigit(body: string): string {
  const sum = [...body].reduce((total, character, index) => {
    const value = /\d/.test(character) ? Number(character) : (character.charCodeAt(0) - 63) % 10;
    return total + value * (index % 2 === 1 ? 2 : 1);
  }, 0);
  return String((10 - (sum % 10)) % 10);
}

export function fedexCheckDigit(body: string): string {
  const weights = [3, 1, 7];
  const sum = [...body].reduce((total, digit, index) => total + Number(digit) * (weights[index % 3] ?? 0), 0);
  return String((sum % 11) % 10);
}

export function dhlCheckDigit(body: string): string {
  return String(Number(body) % 7);
}

function digits(serial: bigint, length: number): string {
  return String(serial % 10n ** BigInt(length)).padStart(length, "0");
}
