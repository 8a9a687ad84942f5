/**
 * People who buy: plausible names and addresses all over the country. Streets and numbers are invented, towns
 * are real.
 */
import type { Random } from "../../config/seeded-random.ts";

export type Shopper = {
  readonly firstName: string;
  readonly lastName: string;
  readonly email: string;
  readonly phone: string;
  readonly line1: string;
  readonly line2: string;
  readonly city: string;
  readonly region: string;
  readonly regionName: string;
  readonly postalCode: string;
};

const FIRST_NAMES =
  "Aaliyah Adam Aiko Alejandra Amara Andrew Anika Beatriz Ben Bianca Carlos Chen Chloe Daniel Deepa Diego Elena Emily Ethan Fatima Felix Grace Hannah Hassan Ines Isaac Ivy Jamal Jin Joanna Jonas Kai Kavya Laila Leo Lucia Marcus Maria Maya Mei Nadia Noah Olivia Omar Priya Quinn Rafael Rosa Samir Sofia Tariq Theo Uma Victor Wei Ximena Yara Zoe".split(
    " ",
  );
const LAST_NAMES =
  "Abbott Adeyemi Alvarez Anderson Baker Becker Bennett Bhatt Campbell Carter Chavez Chen Cohen Cruz Davis Diaz Dubois Edwards Fischer Foster Garcia Gomez Gupta Hall Hansen Harris Hughes Ibrahim Jackson Johnson Kim Klein Kowalski Lee Lopez Martin Mbeki Miller Mitchell Nakamura Nelson Nguyen Okafor Olsen Ortiz Park Patel Perez Phillips Reed Rivera Rossi Santos Schmidt Silva Singh Sullivan Tanaka Thompson Torres Turner Walker Wang Weber Wilson Wright Yamada Young".split(
    " ",
  );
const STREETS =
  "Alder Aspen Birch Bridge Canyon Cedar Chestnut Church Clover College Dogwood Elm Fern Franklin Garden Grant Hazel Hickory Hill Juniper Lake Laurel Lincoln Linden Locust Madison Magnolia Main Maple Meadow Mill Oak Orchard Park Pine Poplar Prairie Ridge River Rose School Spring Spruce Sumac Sunset Sycamore Valley Walnut Willow".split(
    " ",
  );
const STREET_KINDS = ["Street", "Avenue", "Lane", "Road", "Drive", "Court", "Way"];

const TOWNS: readonly (readonly [city: string, region: string, regionName: string, zip: string])[] = [
  ["Seattle", "WA", "Washington", "98115"],
  ["Spokane", "WA", "Washington", "99203"],
  ["Portland", "OR", "Oregon", "97214"],
  ["Bend", "OR", "Oregon", "97701"],
  ["San Francisco", "CA", "California", "94110"],
  ["Los Angeles", "CA", "California", "90026"],
  ["Sacramento", "CA", "California", "95816"],
  ["San Diego", "CA", "California", "92104"],
  ["Boise", "ID", "Idaho", "83702"],
  ["Salt Lake City", "UT", "Utah", "84105"],
  ["Denver", "CO", "Colorado", "80211"],
  ["Phoenix", "AZ", "Arizona", "85016"],
  ["Santa Fe", "NM", "New Mexico", "87505"],
  ["Austin", "TX", "Texas", "78704"],
  ["Dallas", "TX", "Texas", "75206"],
  ["Minneapolis", "MN", "Minnesota", "55408"],
  ["Madison", "WI", "Wisconsin", "53703"],
  ["Chicago", "IL", "Illinois", "60647"],
  ["Ann Arbor", "MI", "Michigan", "48104"],
  ["Cleveland", "OH", "Ohio", "44113"],
  ["Pittsburgh", "PA", "Pennsylvania", "15206"],
  ["Philadelphia", "PA", "Pennsylvania", "19147"],
  ["Brooklyn", "NY", "New York", "11215"],
  ["Burlington", "VT", "Vermont", "05401"],
  ["Boston", "MA", "Massachusetts", "02130"],
  ["Washington", "DC", "District of Columbia", "20009"],
  ["Asheville", "NC", "North Carolina", "28801"],
  ["Atlanta", "GA", "Georgia", "30307"],
  ["Nashville", "TN", "Tennessee", "37206"],
  ["Miami", "FL", "Florida", "33133"],
];

export function randomShopper(random: Random): Shopper {
  const firstName = random.pick(FIRST_NAMES);
  const lastName = random.pick(LAST_NAMES);
  const [city, region, regionName, postalCode] = random.pick(TOWNS);
  return {
    firstName,
    lastName,
    email: `${firstName}.${lastName}${random.integer(1, 999)}@example.com`.toLowerCase(),
    // 555-01xx is set aside for fiction.
    phone: `+1${random.integer(2, 9)}${random.integer(0, 9)}${random.integer(0, 9)}55501${random.integer(10, 99)}`,
    line1: `${random.integer(1, 9_899)} ${random.pick(STREETS)} ${random.pick(STREET_KINDS)}`,
    line2: random.chance(0.2) ? `Apt ${random.integer(1, 48)}` : "",
    city,
    region,
    regionName,
    postalCode,
  };
}
