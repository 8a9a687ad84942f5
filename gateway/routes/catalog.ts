import Type from "typebox";
import { PAGE_DEFAULT, PAGE_MAX } from "../../config/limits.ts";
import type {
  ChannelView,
  LocationView,
  Page,
  Product,
  SkuMapping,
  UnmappedSku,
} from "../../contract/api.ts";
import {
  ChannelReply,
  Id,
  LocationReply,
  PageQuery,
  ProductBody,
  ProductReply,
  pageOf,
  SkuMappingBody,
  SkuMappingReply,
  text,
  UnmappedSkuReply,
} from "../../contract/schemas.ts";
import { createProduct } from "../../operations/catalog/create-product.ts";
import { mapSku } from "../../operations/catalog/map-sku.ts";
import {
  listChannels,
  listLocations,
  listProducts,
  listSkuMappings,
  listUnmappedSkus,
} from "../../store/catalog/catalog-views.ts";
import { callerOf, done, type Route, route } from "../http/route.ts";

const READ = { kind: "permission", permission: "catalog.read" } as const;
const WRITE = { kind: "permission", permission: "catalog.write" } as const;

export const catalogRoutes: readonly Route[] = [
  route({
    method: "GET",
    path: "/v1/products",
    summary: "Products by SKU",
    access: READ,
    query: Type.Object({ q: Type.Optional(text(100)), ...PageQuery }),
    reply: pageOf(ProductReply),
    handle: async ({ query, services }) => {
      const page: Page<Product> = await listProducts(services.database, {
        text: query.q,
        cursor: query.cursor,
        limit: query.limit ?? PAGE_DEFAULT,
      });
      return { json: page };
    },
  }),
  route({
    method: "POST",
    path: "/v1/products",
    summary: "Creates a product; orders that waited for it go on",
    access: WRITE,
    body: ProductBody,
    reply: ProductReply,
    idempotency: "accepted",
    handle: async (call) => {
      done(await createProduct(call.services.operations, call.body, callerOf(call).by));
      const { lengthMm: _length, widthMm: _width, heightMm: _height, ...product } = call.body;
      return { status: 201, json: product satisfies Product };
    },
  }),
  route({
    method: "GET",
    path: "/v1/sku-mappings",
    summary: "Channels' own SKUs and ours",
    access: READ,
    query: Type.Object({ channel: Type.Optional(Id), ...PageQuery }),
    reply: pageOf(SkuMappingReply),
    handle: async ({ query, services }) => {
      const page: Page<SkuMapping> = await listSkuMappings(services.database, {
        channelId: query.channel,
        cursor: query.cursor,
        limit: query.limit ?? PAGE_DEFAULT,
      });
      return { json: page };
    },
  }),
  route({
    method: "POST",
    path: "/v1/sku-mappings",
    summary: "Maps a channel's SKU to ours; orders that waited for it go on",
    access: WRITE,
    body: SkuMappingBody,
    reply: SkuMappingReply,
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
      const mapping: SkuMapping = { channel, channelSku, sku };
      return { status: 201, json: mapping };
    },
  }),
  route({
    method: "GET",
    path: "/v1/unmapped-skus",
    summary: "What orders on hold wait for in the catalog, most wanted first",
    access: READ,
    reply: pageOf(UnmappedSkuReply),
    handle: async ({ services }) => {
      const page: Page<UnmappedSku> = await listUnmappedSkus(services.database, PAGE_MAX);
      return { json: page };
    },
  }),
  route({
    method: "GET",
    path: "/v1/locations",
    summary: "Places that ship",
    access: READ,
    reply: pageOf(LocationReply),
    handle: async ({ services }) => {
      const page: Page<LocationView> = await listLocations(services.database);
      return { json: page };
    },
  }),
  route({
    method: "GET",
    path: "/v1/channels",
    summary: "Sales channels",
    access: READ,
    reply: pageOf(ChannelReply),
    handle: async ({ services }) => {
      const page: Page<ChannelView> = await listChannels(services.database);
      return { json: page };
    },
  }),
];
