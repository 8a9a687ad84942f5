/** Products, and channels' own SKUs. */
import Type from "typebox";
import { PAGE_DEFAULT, PAGE_MAX } from "../../config/limits.ts";
import {
  ChangeProductBody,
  Product,
  ProductBody,
  ProductComponents,
  ProductComponentsBody,
  ProductSubstitutes,
  ProductSubstitutesBody,
  ProductTagging,
  ProductTaggingBody,
  SkuMapping,
  SkuMappingBody,
  UnmappedSku,
} from "../../contract/catalog.ts";
import { Id, pageOf, sortedPages, text } from "../../contract/shapes.ts";
import { changeProduct } from "../../operations/catalog/change-product.ts";
import { createProduct } from "../../operations/catalog/create-product.ts";
import { mapSku } from "../../operations/catalog/map-sku.ts";
import { setComponents } from "../../operations/catalog/set-components.ts";
import { setSubstitutes } from "../../operations/catalog/set-substitutes.ts";
import { tagProduct } from "../../operations/catalog/tag-product.ts";
import {
  findProduct,
  listProducts,
  listSkuMappings,
  listUnmappedSkus,
} from "../../store/catalog/catalog-views.ts";
import { callerOf, done, found, param, type Route, route } from "../http/route.ts";

const READ = { kind: "permission", permission: "catalog.read" } as const;
const WRITE = { kind: "permission", permission: "catalog.write" } as const;

export const catalogRoutes: readonly Route[] = [
  route({
    method: "GET",
    path: "/v1/products",
    summary: "Products by SKU",
    access: READ,
    query: Type.Object({ q: Type.Optional(text(100)), ...sortedPages("sku") }),
    reply: pageOf(Product),
    handle: async ({ query, services }) => {
      return {
        json: await listProducts(services.database, {
          text: query.q,
          sort: query.sort,
          cursor: query.cursor,
          limit: query.limit ?? PAGE_DEFAULT,
        }),
      };
    },
  }),
  route({
    method: "POST",
    path: "/v1/products",
    summary: "Creates a product; orders that waited for it go on",
    access: WRITE,
    body: ProductBody,
    reply: Product,
    idempotency: "accepted",
    handle: async (call) => {
      done(await createProduct(call.services.operations, call.body, callerOf(call).by));
      return {
        status: 201,
        json: found(await findProduct(call.services.database, call.body.sku), "product"),
      };
    },
  }),
  route({
    method: "GET",
    path: "/v1/products/{sku}",
    summary: "A product",
    access: READ,
    reply: Product,
    handle: async (call) => ({
      json: found(await findProduct(call.services.database, param(call, "sku")), "product"),
    }),
  }),
  route({
    method: "PATCH",
    path: "/v1/products/{sku}",
    summary: "Changes what the catalog says of a product; what is left out stays as it is",
    access: WRITE,
    body: ChangeProductBody,
    reply: Product,
    idempotency: "accepted",
    handle: async (call) => {
      const sku = param(call, "sku");
      done(await changeProduct(call.services.operations, sku, call.body, callerOf(call).by));
      return { json: found(await findProduct(call.services.database, sku), "product") };
    },
  }),
  route({
    method: "POST",
    path: "/v1/products/{sku}/tagging",
    summary: "Says whether the product's units bear RFID tags, and how those without are verified",
    access: WRITE,
    body: ProductTaggingBody,
    reply: ProductTagging,
    idempotency: "accepted",
    handle: async (call) => {
      const sku = param(call, "sku");
      const { tagged, check } = call.body;
      const set = done(await tagProduct(call.services.operations, sku, { tagged, check }, callerOf(call).by));
      return { json: { sku, tagged, check: set.check } };
    },
  }),
  route({
    method: "POST",
    path: "/v1/products/{sku}/substitutes",
    summary: "Says what may be sent in the product's place, the first choice first",
    access: WRITE,
    body: ProductSubstitutesBody,
    reply: ProductSubstitutes,
    idempotency: "accepted",
    handle: async (call) => {
      const sku = param(call, "sku");
      const { substitutes } = call.body;
      done(await setSubstitutes(call.services.operations, sku, substitutes, callerOf(call).by));
      return { json: { sku, substitutes } };
    },
  }),
  route({
    method: "POST",
    path: "/v1/products/{sku}/components",
    summary: "Says what one of a kit is picked as; empty: the product is no kit",
    access: WRITE,
    body: ProductComponentsBody,
    reply: ProductComponents,
    idempotency: "accepted",
    handle: async (call) => {
      const sku = param(call, "sku");
      done(await setComponents(call.services.operations, sku, call.body, callerOf(call).by));
      return { json: { sku, components: call.body.components } };
    },
  }),
  route({
    method: "GET",
    path: "/v1/sku-mappings",
    summary: "Channels' own SKUs and ours",
    access: READ,
    query: Type.Object({ channel: Type.Optional(Id), ...sortedPages("channel") }),
    reply: pageOf(SkuMapping),
    handle: async ({ query, services }) => {
      return {
        json: await listSkuMappings(services.database, {
          channelId: query.channel,
          sort: query.sort,
          cursor: query.cursor,
          limit: query.limit ?? PAGE_DEFAULT,
        }),
      };
    },
  }),
  route({
    method: "POST",
    path: "/v1/sku-mappings",
    summary: "Maps a channel's SKU to ours; orders that waited for it go on",
    access: { kind: "permission", permission: "catalog.map" },
    body: SkuMappingBody,
    reply: SkuMapping,
    idempotency: "accepted",
    handle: async (call) => {
      const { channel, channelSku, sku } = call.body;
      done(
        await mapSku(call.services.operations, {
          channelId: channel,
          channelSku,
          sku,
          by: callerOf(call).by,
        }),
      );
      return { status: 201, json: { channel, channelSku, sku } };
    },
  }),
  route({
    method: "GET",
    path: "/v1/unmapped-skus",
    summary: "What orders on hold wait for in the catalog, most wanted first",
    access: READ,
    reply: pageOf(UnmappedSku),
    handle: async ({ services }) => {
      return { json: await listUnmappedSkus(services.database, PAGE_MAX) };
    },
  }),
];
