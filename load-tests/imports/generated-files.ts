/** Files as large as one likes, made as they are read. What they name is what `main.ts` has put there. */
import type { ImportReport } from "../../contract/imports/imports.ts";
import type { TableKind } from "../../contract/imports/table-kinds.ts";

/** Places that stock is at. */
export const LOCATIONS = 10;
/** Rows of one order, return or kit. */
const ROWS_OF_ONE = 4;
/** Of so many customers one has store credit: each of them is an account with a ledger. */
const CUSTOMERS_A_CREDIT = 10_000;

/** Of a kind that is booked, how many rows came to what they were to come to. */
export function rowsNeeded(kind: TableKind, { rows }: ImportReport): number {
  // A customer without credit is looked at and skipped.
  return kind === "customers" ? rows.booked + rows.skipped : rows.booked;
}

export async function* fileOf(kind: TableKind, rows: number): AsyncGenerator<Uint8Array> {
  const { header, row } = TABLES[kind];
  const skus = productsFor(rows);
  yield Buffer.from(`${header}\r\n`);
  const part: string[] = [];
  for (let number = 0; number < rows; number += 1) {
    part.push(`${row(number, skus)}\r\n`);
    if (part.length === 1_000) yield Buffer.from(part.splice(0).join(""));
  }
  if (part.length > 0) yield Buffer.from(part.join(""));
}

/** Products that are there before, as many as a table of stock with so many rows names. */
export function productsFor(rows: number): number {
  return Math.ceil(rows / LOCATIONS);
}

type Table = {
  readonly header: string;
  /** @param skus how many products there are */
  readonly row: (number: number, skus: number) => string;
};

const owner = (number: number): number => Math.floor(number / ROWS_OF_ONE);

const TABLES: Readonly<Record<TableKind, Table>> = {
  kits: {
    header: "kit,component,quantity",
    row: (n) => `NEW-${owner(n)},SKU-${(owner(n) % 100) * ROWS_OF_ONE + (n % ROWS_OF_ONE)},2`,
  },
  stock: {
    header: "sku,location,onHand,name,bin",
    row: (n) =>
      `SKU-${Math.floor(n / LOCATIONS)},place-${n % LOCATIONS},${(n % 97) + 1},"A thing, number ${n}",A-${n % 500}`,
  },
  products: {
    header: "sku,name,weightGrams,price,currency,hsCode,originCountry,gtin,tagged",
    row: (n) =>
      `NEW-${n},"A thing, number ${n}",${(n % 900) + 1},${n % 100}.99,USD,610910,PT,00614141000012,no`,
  },
  locations: {
    header: "id,name,kind,line1,city,country,latitude,longitude",
    row: (n) => `shop-${n},Shop ${n},store,${n} Main Street,Reno,US,39.5,-119.8`,
  },
  orders: {
    header:
      "channel,id,status,currency,customerName,customerEmail,shippingLine1,shippingCity,shippingRegion,shippingPostalCode,shippingCountry,paid,lineSku,lineQuantity,linePrice",
    row: (n, skus) =>
      n % ROWS_OF_ONE === 0
        ? `former,O-${owner(n)},open,USD,Customer ${n},c${n}@example.com,${n} Main St,Reno,NV,89501,US,paid,SKU-${n % skus},1,9.99`
        : `former,O-${owner(n)},,,,,,,,,,,SKU-${n % skus},2,4.50`,
  },
  customers: {
    header: "email,name,phone,storeCredit,currency",
    row: (n) =>
      `c${n}@example.com,Customer ${n},+1 775 ${n},${n % CUSTOMERS_A_CREDIT === 0 ? "12.50,USD" : ","}`,
  },
  returns: {
    header: "id,order,lineId,quantity,reason",
    row: (n) => `R-${owner(n)},former-O-${owner(n)},${(n % ROWS_OF_ONE) + 1},1,defective`,
  },
};
