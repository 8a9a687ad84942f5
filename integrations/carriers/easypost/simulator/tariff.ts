/**
 * What the simulated carriers charge and how long they take: zones by distance, billable weight by size,
 * services by carrier. The prices are of the size of list prices, and no carrier's real ones. Pure.
 */
type TariffAddress = {
  readonly country: string;
  readonly zip: string;
};

type TariffParcel = {
  readonly ounces: number;
  readonly lengthIn: number;
  readonly widthIn: number;
  readonly heightIn: number;
};

type Quote = {
  readonly carrier: "USPS" | "UPS" | "FedEx" | "DHLExpress";
  readonly service: string;
  /** Cents of a US dollar. */
  readonly cents: number;
  readonly days: number;
};

type TariffAnswer = {
  readonly quotes: readonly Quote[];
  readonly messages: readonly { readonly carrier: string; readonly message: string }[];
};

type Service = {
  readonly carrier: Quote["carrier"];
  readonly service: string;
  readonly baseCents: number;
  /** Added for each billable pound, and for each zone beyond the second. */
  readonly poundCents: number;
  readonly zoneCents: number;
  readonly maxPounds: number;
  readonly days: (zone: number) => number;
};

const byZone =
  (first: number, last: number) =>
  (zone: number): number =>
    Math.round(first + ((last - first) * (zone - 2)) / 6);
const always = (days: number) => (): number => days;

const DOMESTIC: readonly Service[] = [
  service("USPS", "GroundAdvantage", 540, 62, 38, 70, byZone(2, 5)),
  service("USPS", "Priority", 815, 98, 74, 70, byZone(1, 3)),
  service("USPS", "Express", 2_690, 240, 210, 70, byZone(1, 2)),
  service("UPS", "Ground", 905, 71, 42, 150, byZone(1, 5)),
  service("UPS", "3DaySelect", 1_480, 150, 92, 150, always(3)),
  service("UPS", "2ndDayAir", 2_110, 230, 148, 150, always(2)),
  service("UPS", "NextDayAirSaver", 3_860, 330, 296, 150, always(1)),
  service("FedEx", "FEDEX_GROUND", 918, 69, 43, 150, byZone(1, 5)),
  service("FedEx", "FEDEX_2_DAY", 2_085, 226, 151, 150, always(2)),
  service("FedEx", "STANDARD_OVERNIGHT", 3_790, 324, 301, 150, always(1)),
];

/** Within another country, or between neighbours of one customs territory. */
const REGIONAL: readonly Service[] = [
  service("UPS", "UPSStandard", 790, 85, 60, 150, byZone(1, 4)),
  service("UPS", "UPSSaver", 2_450, 260, 180, 150, always(1)),
  service("FedEx", "FEDEX_REGIONAL_ECONOMY", 760, 88, 64, 150, byZone(2, 5)),
  service("DHLExpress", "ExpressEasyNonDoc", 1_940, 210, 140, 150, always(1)),
];

const INTERNATIONAL: readonly Service[] = [
  service("USPS", "FirstClassPackageInternationalService", 1_690, 480, 95, 4, byZone(9, 14)),
  service("USPS", "PriorityMailInternational", 4_650, 390, 260, 66, byZone(6, 10)),
  service("UPS", "Expedited", 5_940, 430, 310, 150, byZone(3, 6)),
  service("UPS", "UPSSaver", 7_380, 520, 390, 150, byZone(2, 3)),
  service("FedEx", "INTERNATIONAL_ECONOMY", 5_870, 425, 318, 150, byZone(4, 6)),
  service("FedEx", "INTERNATIONAL_PRIORITY", 7_450, 528, 395, 150, byZone(2, 3)),
  service("DHLExpress", "ExpressWorldwideNonDoc", 6_890, 505, 362, 154, byZone(2, 3)),
];

/** Carriers bill the greater of weight and size: cubic inches divided by this are pounds. */
const DIM_DIVISOR = 139;

/** Longest side and the way around the others that any carrier takes, inches. */
const MAX_LENGTH_AND_GIRTH = 165;

const EUROPEAN_UNION = new Set(
  "AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK".split(" "),
);
const AMERICAS = new Set("US CA MX BR AR CL CO PE UY EC PR".split(" "));
const EUROPE = new Set([...EUROPEAN_UNION, ..."GB CH NO IS LI UA RS TR".split(" ")]);

export function quote(from: TariffAddress, to: TariffAddress, parcel: TariffParcel): TariffAnswer {
  const refused = undeliverable(to) ?? undeliverable(from);
  if (refused !== undefined) {
    const carriers = ["USPS", "UPS", "FedEx", "DHLExpress"];
    return { quotes: [], messages: carriers.map((carrier) => ({ carrier, message: refused })) };
  }
  const domestic = from.country === "US" && to.country === "US";
  const regional =
    !domestic &&
    (from.country === to.country || (EUROPEAN_UNION.has(from.country) && EUROPEAN_UNION.has(to.country)));
  const services = domestic ? DOMESTIC : regional ? REGIONAL : INTERNATIONAL;
  const zone = domestic ? domesticZone(from.zip, to.zip) : worldZone(from.country, to.country);
  const pounds = billablePounds(parcel);
  const [longest, ...around] = [parcel.lengthIn, parcel.widthIn, parcel.heightIn].sort((a, b) => b - a);
  const girth = (longest ?? 0) + 2 * around.reduce((sum, side) => sum + side, 0);
  const quotes: Quote[] = [];
  const messages: { carrier: string; message: string }[] = [];
  for (const { carrier, service, baseCents, poundCents, zoneCents, maxPounds, days } of services) {
    // What is large is dearer; how heavy it may be is about its weight alone.
    if (parcel.ounces / 16 > maxPounds) {
      messages.push({ carrier, message: `${service}: the parcel's weight exceeds ${maxPounds} lb.` });
    } else if (girth > MAX_LENGTH_AND_GIRTH) {
      messages.push({
        carrier,
        message: `${service}: length and girth exceed ${MAX_LENGTH_AND_GIRTH} in.`,
      });
      // The postal service of the United States takes parcels that start there or, as a return, end there.
    } else if (carrier !== "USPS" || from.country === "US" || to.country === "US") {
      const cents = baseCents + Math.ceil(pounds) * poundCents + (zone - 2) * zoneCents;
      quotes.push({ carrier, service, cents, days: days(zone) });
    }
  }
  return { quotes, messages };
}

function service(
  carrier: Quote["carrier"],
  name: string,
  baseCents: number,
  poundCents: number,
  zoneCents: number,
  maxPounds: number,
  days: (zone: number) => number,
): Service {
  return { carrier, service: name, baseCents, poundCents, zoneCents, maxPounds, days };
}

/** Why no carrier delivers there. The sandbox's own undeliverable address has ZIP 00000. */
function undeliverable(address: TariffAddress): string | undefined {
  if (address.country !== "US") return undefined;
  if (!/^\d{5}(-?\d{4})?$/.test(address.zip)) return `Invalid ZIP code: ${address.zip || "none"}.`;
  return address.zip.startsWith("00000") ? "Address not found: ZIP code 00000." : undefined;
}

function billablePounds(parcel: TariffParcel): number {
  const byWeight = parcel.ounces / 16;
  const cubicInches = parcel.lengthIn * parcel.widthIn * parcel.heightIn;
  return Math.max(byWeight, cubicInches > 1_728 ? cubicInches / DIM_DIVISOR : 0);
}

/** Middles of the ten regions that the first digit of a ZIP code names: latitude, longitude. */
const REGIONS: readonly (readonly [number, number])[] = [
  [42, -72],
  [41, -76],
  [37, -78],
  [31, -84],
  [40, -84],
  [44, -94],
  [40, -91],
  [32, -96],
  [38, -109],
  [39, -120],
];

const ZONE_MILES = [150, 300, 600, 1_000, 1_400, 1_800];

function domesticZone(fromZip: string, toZip: string): number {
  if (fromZip.slice(0, 3) === toZip.slice(0, 3)) return 2;
  const [fromLat, fromLon] = REGIONS[Number(fromZip[0])] ?? [40, -95];
  const [toLat, toLon] = REGIONS[Number(toZip[0])] ?? [40, -95];
  // Within one region, about its own size; a degree of longitude is some 53 miles at these latitudes.
  const miles = Math.max(200, Math.hypot((fromLat - toLat) * 69, (fromLon - toLon) * 53));
  const zone = ZONE_MILES.findIndex((limit) => miles <= limit);
  return zone < 0 ? 8 : zone + 2;
}

function worldZone(from: string, to: string): number {
  if (from === to) return 3;
  const near = [AMERICAS, EUROPE].some((continent) => continent.has(from) && continent.has(to));
  return near ? 4 : 8;
}
