/** EasyPost's documents as it sends them, and its checks of what it receives. Pure. */
import {
  type JsonObject,
  listAt,
  numberAt,
  objectAt,
  optionalTextAt,
} from "../../../vendor-kit/vendor-json.ts";

export type AddressDocument = {
  readonly id: string;
  readonly object: "Address";
  readonly mode: "test";
  readonly name: string | null;
  readonly company: string | null;
  readonly street1: string | null;
  readonly street2: string | null;
  readonly city: string | null;
  readonly state: string | null;
  readonly zip: string | null;
  readonly country: string;
  readonly phone: string | null;
  readonly email: string | null;
};

export type ParcelDocument = {
  readonly id: string;
  readonly object: "Parcel";
  readonly mode: "test";
  readonly length: number | null;
  readonly width: number | null;
  readonly height: number | null;
  readonly predefined_package: null;
  readonly weight: number;
};

export type RateDocument = {
  readonly id: string;
  readonly object: "Rate";
  readonly mode: "test";
  readonly service: string;
  readonly carrier: string;
  readonly rate: string;
  readonly currency: string;
  readonly retail_rate: string;
  readonly retail_currency: string;
  readonly list_rate: string;
  readonly list_currency: string;
  readonly billing_type: "easypost";
  readonly delivery_days: number;
  readonly delivery_date: null;
  readonly delivery_date_guaranteed: false;
  readonly est_delivery_days: number;
  readonly shipment_id: string;
};

/** A field of a request that EasyPost refuses, as it is listed beside the error. */
type FieldError = { readonly field: string; readonly message: string };

export class EasypostError extends Error {
  readonly status: number;
  readonly body: {
    readonly error: {
      readonly code: string;
      readonly message: string;
      readonly errors: readonly FieldError[];
    };
  };

  constructor(status: number, code: string, message: string, errors: readonly FieldError[] = []) {
    super(message);
    this.status = status;
    this.body = { error: { code, message, errors } };
  }
}

export const notFound = () =>
  new EasypostError(404, "NOT_FOUND", "The requested resource could not be found.");

/**
 * @throws EasypostError 401. Basic authentication, the key as user name; the sandbox takes every test key.
 */
export function checkEasypostKey(authorization: string | undefined): void {
  const basic = /^Basic (\S+)$/.exec(authorization ?? "")?.[1];
  if (basic === undefined) {
    throw new EasypostError(
      401,
      "APIKEY.MISSING",
      "Authentication is required: give your API key as the user name.",
    );
  }
  const [key] = Buffer.from(basic, "base64").toString("utf8").split(":");
  if (key === undefined || !/^EZTK\w{4,}$/.test(key)) {
    throw new EasypostError(
      401,
      "APIKEY.INACTIVE",
      "This api key is no longer active. Please use a different api key or reactivate this key.",
    );
  }
}

const SHIPMENT_FIELDS = [
  "reference",
  "to_address",
  "from_address",
  "parcel",
  "is_return",
  "customs_info",
  "options",
];
const ADDRESS_FIELDS = [..."name company street1 street2 city state zip country phone email".split(" ")];
const PARCEL_FIELDS = ["weight", "length", "width", "height"];
const CUSTOMS_FIELDS = [
  ..."customs_certify customs_signer contents_type contents_explanation eel_pfc non_delivery_option".split(
    " ",
  ),
  "restriction_type",
  "customs_items",
];
const CUSTOMS_ITEM_FIELDS = [
  ..."description quantity value currency weight hs_tariff_number origin_country".split(" "),
];
const OPTION_FIELDS = ["label_format", "label_size", "print_custom_1"];

type ShipmentRequest = {
  readonly reference: string | null;
  readonly from: JsonObject;
  readonly to: JsonObject;
  readonly parcel: JsonObject;
  readonly customs: JsonObject | null;
  readonly isReturn: boolean;
  readonly options: JsonObject;
};

/** @throws EasypostError 422 that lists every field that is missing, unknown or of the wrong type */
export function readShipmentRequest(body: unknown): ShipmentRequest {
  const errors: FieldError[] = [];
  const shipment = objectAt(body, "shipment");
  if (shipment === undefined) {
    throw new EasypostError(422, "PARAMETER.REQUIRED", "Missing required parameter.", [
      { field: "shipment", message: "cannot be blank" },
    ]);
  }
  const known = (value: JsonObject, at: string, fields: readonly string[]) => {
    for (const field of Object.keys(value)) {
      if (!fields.includes(field)) errors.push({ field: `${at}.${field}`, message: "unknown parameter" });
    }
  };
  const section = (key: string, fields: readonly string[]): JsonObject => {
    const value = objectAt(shipment, key);
    if (value === undefined) {
      errors.push({ field: key, message: "Required and missing." });
      return {};
    }
    known(value, key, fields);
    return value;
  };
  const text = (value: JsonObject, at: string, field: string) => {
    if ((optionalTextAt(value, field) ?? "") === "")
      errors.push({ field: `${at}.${field}`, message: "cannot be blank" });
  };
  const amount = (value: JsonObject, at: string, field: string) => {
    if ((numberAt(value, field) ?? 0) <= 0) {
      errors.push({ field: `${at}.${field}`, message: "must be a number greater than 0" });
    }
  };
  known(shipment, "shipment", SHIPMENT_FIELDS);
  const from = section("from_address", ADDRESS_FIELDS);
  const to = section("to_address", ADDRESS_FIELDS);
  for (const [at, address] of [
    ["from_address", from],
    ["to_address", to],
  ] as const) {
    for (const field of ["street1", "city", "country"]) text(address, at, field);
    if (!/^[A-Z]{2}$/.test(optionalTextAt(address, "country") ?? "")) {
      errors.push({ field: `${at}.country`, message: "must be an ISO 3166 country code" });
    }
  }
  const parcel = section("parcel", PARCEL_FIELDS);
  for (const field of PARCEL_FIELDS) amount(parcel, "parcel", field);
  const options = objectAt(shipment, "options") ?? {};
  known(options, "options", OPTION_FIELDS);
  const customs = objectAt(shipment, "customs_info") ?? null;
  if (customs !== null) {
    known(customs, "customs_info", CUSTOMS_FIELDS);
    for (const field of ["contents_type", "eel_pfc", "customs_signer"]) text(customs, "customs_info", field);
    listAt(customs, "customs_items").forEach((entry, index) => {
      const at = `customs_info.customs_items[${index}]`;
      const item = objectAt(entry) ?? {};
      known(item, at, CUSTOMS_ITEM_FIELDS);
      for (const field of ["description", "hs_tariff_number", "origin_country", "currency"]) {
        text(item, at, field);
      }
      for (const field of ["quantity", "value", "weight"]) amount(item, at, field);
    });
  }
  if (errors.length > 0) {
    throw new EasypostError(
      422,
      "SHIPMENT.INVALID_PARAMS",
      "Unable to create shipment, one or more parameters were invalid.",
      errors,
    );
  }
  return {
    reference: optionalTextAt(shipment, "reference") ?? null,
    from,
    to,
    parcel,
    customs,
    isReturn: shipment["is_return"] === true,
    options,
  };
}

export function addressDocument(id: string, given: JsonObject): AddressDocument {
  const text = (field: string) => optionalTextAt(given, field) ?? null;
  return {
    id,
    object: "Address",
    mode: "test",
    name: text("name"),
    company: text("company"),
    street1: text("street1"),
    street2: text("street2"),
    city: text("city"),
    state: text("state"),
    zip: text("zip"),
    country: text("country") ?? "",
    phone: text("phone"),
    email: text("email"),
  };
}

export function parcelDocument(id: string, given: JsonObject): ParcelDocument {
  return {
    id,
    object: "Parcel",
    mode: "test",
    length: numberAt(given, "length") ?? null,
    width: numberAt(given, "width") ?? null,
    height: numberAt(given, "height") ?? null,
    predefined_package: null,
    weight: numberAt(given, "weight") ?? 0,
  };
}
