/**
 * Where an address roughly is, without a geocoder: the centre of its US state, Canadian province or country.
 * Good enough to prefer the near warehouse and to estimate days in transit; nothing is charged or routed by
 * it.
 *
 * Coordinates are degrees north and east, rounded to half a degree or better.
 */
import countries from "i18n-iso-countries";
import type { Address } from "./address.ts";

export type Place = { readonly latitude: number; readonly longitude: number; readonly country: string };

const US_STATES: Readonly<Record<string, readonly [number, number]>> = {
  AL: [32.8, -86.8],
  AK: [64.1, -152.3],
  AZ: [34.3, -111.7],
  AR: [34.9, -92.4],
  CA: [37.2, -119.4],
  CO: [39.0, -105.5],
  CT: [41.6, -72.7],
  DE: [39.0, -75.5],
  DC: [38.9, -77.0],
  FL: [28.6, -82.4],
  GA: [32.7, -83.4],
  HI: [20.3, -156.4],
  ID: [44.4, -114.6],
  IL: [40.0, -89.2],
  IN: [39.9, -86.3],
  IA: [42.1, -93.5],
  KS: [38.5, -98.4],
  KY: [37.5, -85.3],
  LA: [31.1, -92.0],
  ME: [45.4, -69.2],
  MD: [39.0, -76.8],
  MA: [42.3, -71.8],
  MI: [44.3, -85.4],
  MN: [46.3, -94.3],
  MS: [32.7, -89.7],
  MO: [38.4, -92.5],
  MT: [47.0, -109.6],
  NE: [41.5, -99.8],
  NV: [39.3, -116.6],
  NH: [43.7, -71.6],
  NJ: [40.2, -74.7],
  NM: [34.4, -106.1],
  NY: [42.9, -75.5],
  NC: [35.5, -79.4],
  ND: [47.4, -100.5],
  OH: [40.3, -82.8],
  OK: [35.6, -97.5],
  OR: [43.9, -120.6],
  PA: [40.9, -77.8],
  RI: [41.7, -71.5],
  SC: [33.9, -80.9],
  SD: [44.4, -100.2],
  TN: [35.9, -86.4],
  TX: [31.5, -99.3],
  UT: [39.3, -111.7],
  VT: [44.1, -72.7],
  VA: [37.5, -78.9],
  WA: [47.4, -120.4],
  WV: [38.6, -80.6],
  WI: [44.6, -90.0],
  WY: [43.0, -107.6],
  PR: [18.2, -66.4],
  VI: [18.0, -64.8],
  GU: [13.4, 144.8],
  AS: [-14.3, -170.7],
  MP: [15.1, 145.7],
};

const CA_PROVINCES: Readonly<Record<string, readonly [number, number]>> = {
  AB: [52.3, -113.8],
  BC: [49.8, -122.9],
  MB: [50.0, -97.5],
  NB: [46.3, -66.3],
  NL: [47.9, -53.5],
  NS: [44.9, -63.3],
  NT: [62.5, -114.4],
  NU: [63.7, -68.5],
  ON: [44.2, -79.5],
  PE: [46.3, -63.2],
  QC: [45.9, -73.0],
  SK: [51.3, -106.3],
  YT: [60.8, -135.1],
};

const COUNTRIES: Readonly<Record<string, readonly [number, number]>> = {
  AE: [24.5, 54.5],
  AR: [-34.6, -62.0],
  AT: [47.7, 14.5],
  AU: [-33.5, 147.0],
  BE: [50.6, 4.7],
  BG: [42.7, 25.3],
  BR: [-21.0, -46.0],
  CA: [45.5, -77.0],
  CH: [46.9, 8.2],
  CL: [-33.5, -70.7],
  CN: [33.0, 113.0],
  CO: [4.6, -74.1],
  CR: [9.9, -84.1],
  CY: [35.0, 33.2],
  CZ: [49.8, 15.5],
  DE: [50.9, 10.0],
  DK: [55.8, 10.5],
  DO: [18.7, -70.2],
  EC: [-1.4, -78.9],
  EE: [58.8, 25.6],
  EG: [30.0, 31.2],
  ES: [40.2, -3.6],
  FI: [61.5, 25.0],
  FR: [47.0, 2.5],
  GB: [52.6, -1.5],
  GR: [38.5, 23.5],
  HK: [22.3, 114.2],
  HR: [45.5, 16.2],
  HU: [47.2, 19.4],
  ID: [-6.5, 108.5],
  IE: [53.2, -7.5],
  IL: [32.0, 34.9],
  IN: [22.5, 78.5],
  IS: [64.6, -21.0],
  IT: [43.0, 12.0],
  JP: [35.7, 138.0],
  KE: [-0.9, 36.9],
  KR: [36.6, 127.6],
  KW: [29.3, 47.8],
  LT: [55.2, 24.0],
  LU: [49.7, 6.1],
  LV: [56.9, 24.9],
  MA: [33.0, -7.0],
  MT: [35.9, 14.4],
  MX: [20.5, -100.0],
  MY: [3.5, 102.0],
  NG: [7.5, 5.5],
  NL: [52.1, 5.3],
  NO: [60.5, 9.0],
  NZ: [-39.0, 175.5],
  PA: [8.9, -79.6],
  PE: [-11.0, -76.0],
  PH: [14.0, 121.3],
  PK: [31.0, 72.5],
  PL: [52.0, 19.3],
  PT: [39.8, -8.2],
  QA: [25.3, 51.3],
  RO: [45.6, 25.0],
  RS: [44.3, 20.8],
  SA: [24.5, 45.0],
  SE: [59.0, 15.5],
  SG: [1.35, 103.8],
  SI: [46.1, 14.8],
  SK: [48.7, 19.5],
  TH: [14.5, 100.8],
  TR: [39.5, 32.0],
  TW: [24.2, 120.9],
  UA: [49.5, 31.0],
  US: [39.0, -92.0],
  UY: [-34.5, -56.0],
  VN: [14.5, 107.0],
  ZA: [-28.0, 27.5],
};

/** Codes that posts and phone networks use for parts of a country of ISO 3166-1. */
const OTHER_CODES: Readonly<Record<string, string>> = { UK: "GB", AC: "SH", TA: "SH", EL: "GR" };

/** Countries that are one city, whose addresses often name none. */
const CITY_STATES: Readonly<Record<string, string>> = {
  SG: "Singapore",
  HK: "Hong Kong",
  MO: "Macao",
  MC: "Monaco",
  VA: "Vatican City",
  GI: "Gibraltar",
};

/** The city of an address that names none, where its country (alpha-2) has only one. */
export function onlyCityOf(country: string): string | undefined {
  return CITY_STATES[country];
}

/** ISO 3166-1 alpha-2 of a code (alpha-2, alpha-3) or an English name, or `undefined`. */
export function countryCode(text: string): string | undefined {
  const trimmed = text.trim();
  if (trimmed.length === 2) {
    const code = trimmed.toUpperCase();
    return OTHER_CODES[code] ?? (countries.isValid(code) ? code : undefined);
  }
  if (trimmed.length === 3) return countries.alpha3ToAlpha2(trimmed.toUpperCase());
  const name = trimmed.replace(/^the /i, "").replace(/,? \(?S\.?A\.?R\.?\)?( China| of China)?$/i, "");
  return countries.getAlpha2Code(name, "en") ?? countries.getSimpleAlpha2Code(name, "en");
}

/** The address's rough place, or `null` where even its country is unknown to this table. */
export function placeOf(address: Address): Place | null {
  const region = address.region?.trim().toUpperCase() ?? "";
  const byRegion =
    address.country === "US"
      ? US_STATES[region]
      : address.country === "CA"
        ? CA_PROVINCES[region]
        : undefined;
  const found = byRegion ?? COUNTRIES[address.country];
  return found === undefined ? null : { latitude: found[0], longitude: found[1], country: address.country };
}

/** Great-circle distance in kilometres. */
export function distanceKm(
  a: { readonly latitude: number; readonly longitude: number },
  b: { readonly latitude: number; readonly longitude: number },
): number {
  const radians = Math.PI / 180;
  const dLatitude = (b.latitude - a.latitude) * radians;
  const dLongitude = (b.longitude - a.longitude) * radians;
  const h =
    Math.sin(dLatitude / 2) ** 2 +
    Math.cos(a.latitude * radians) * Math.cos(b.latitude * radians) * Math.sin(dLongitude / 2) ** 2;
  return 2 * 6371 * Math.asin(Math.sqrt(Math.min(1, h)));
}
