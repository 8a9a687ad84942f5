/** Channels' APIs by the registry: a vendor that declares one can be connected. */
import { completeValues, type VendorContext, valueProblems } from "../config/vendor-settings.ts";
import type { ChannelDesk } from "../ports/channel-desk.ts";
import { channelVendors } from "./channels/registry.ts";
import type { ChannelVendor } from "./vendor.ts";

/** @param vendors absent: all that there are */
export function createChannelDesk(
  context: VendorContext,
  vendors: readonly ChannelVendor[] = channelVendors,
): ChannelDesk {
  const apis = new Map(
    vendors.flatMap(({ adapter, api }) => (api === undefined ? [] : [[adapter.kind, api] as const])),
  );
  const declarationOf = (kind: string) => {
    const api = apis.get(kind);
    if (api === undefined) throw new Error(`channels of kind ${kind} have no API`);
    return { provider: kind, variables: api.variables };
  };
  return {
    kinds: new Map([...apis].map(([kind, { variables }]) => [kind, variables])),
    keepsGoods: new Map(
      [...apis].flatMap(([kind, { keepsGoods }]) => (keepsGoods === undefined ? [] : [[kind, keepsGoods]])),
    ),
    problemsOf: (kind, values) => {
      const declared = declarationOf(kind);
      const missing = declared.variables.flatMap(({ name, requiredToServe, meaning, fallback }) =>
        requiredToServe && (values[name] ?? "") === "" && fallback(context) === ""
          ? [{ name, problem: `is not set: ${meaning}` }]
          : [],
      );
      const named = new Set(missing.map(({ name }) => name));
      return [...missing, ...valueProblems(declared, values, context).filter(({ name }) => !named.has(name))];
    },
    connect: async (kind, values, keep) => {
      const declared = declarationOf(kind);
      const api = apis.get(kind);
      if (api === undefined) throw new Error(`channels of kind ${kind} have no API`);
      return api.connect(completeValues(declared, values, context), keep === undefined ? {} : { keep });
    },
  };
}
