/** A wholesale buyer's side of EDIFACT. */
import type { ChannelSimulatorKind } from "../../simulator-kit/channel-simulator.ts";
import {
  type PartnerSide,
  type PartnerWord,
  startPartnerSimulator,
} from "../../simulator-kit/partner-simulator.ts";
import { at, type EdifactMessage, readEdifact } from "./interchange.ts";
import { edifactWriter, SAMPLE_BUYER, SAMPLE_SUPPLIER, sampleInterchange } from "./sample-orders.ts";

export const edifactSide: PartnerSide = {
  extension: "edi",
  account: (folder) => ({
    EDIFACT_FOLDER: folder,
    EDIFACT_OUR_ID: SAMPLE_SUPPLIER,
    EDIFACT_OUR_QUALIFIER: "14",
    EDIFACT_PARTNER_ID: SAMPLE_BUYER,
    EDIFACT_PARTNER_QUALIFIER: "14",
    EDIFACT_VERSION: "D96A",
    EDIFACT_ASSOCIATION: "",
    EDIFACT_CHARSET: "UNOC",
    EDIFACT_TEST: "no",
    EDIFACT_SETTLE_SECONDS: "0",
  }),
  order: (planned, random) => edifactWriter.write(planned, random),
  change: ({ externalId, planned }, what, random) =>
    what === "cancel"
      ? sampleInterchange(
          [
            `BGM+220+${externalId}+1`,
            `DTM+137:${planned.placedAt.toISOString().replace(/\D/g, "").slice(0, 12)}:203`,
            "UNS+S",
          ],
          random.digits(9),
        )
      : null,
  read: (fileName, content) => {
    const { interchange, faults } = readEdifact(content);
    if (interchange === null) throw new Error(`${fileName}: ${faults.map(({ text }) => text).join(" ")}`);
    return interchange.messages.flatMap(wordsOf);
  },
};

function wordsOf({ type, segments }: EdifactMessage): readonly PartnerWord[] {
  const order = segments.find((segment) => segment.tag === "RFF" && at(segment, 0) === "ON");
  const externalId = at(order, 0, 1);
  const quantities = (qualifier: string) => {
    let line = "";
    return segments.flatMap((segment) => {
      if (segment.tag === "LIN") line = at(segment, 0);
      return segment.tag === "QTY" && at(segment, 0) === qualifier
        ? [{ line, quantity: Number(at(segment, 0, 1)) }]
        : [];
    });
  };
  if (type === "DESADV") return [{ kind: "ship", externalId, lines: quantities("12") }];
  if (type === "ORDRSP") return [{ kind: "left", externalId, lines: quantities("113") }];
  const begin = segments.find(({ tag }) => tag === "BGM");
  if (type === "INVOIC" && begin !== undefined && at(begin, 0) === "381") {
    const total = segments.find((segment) => segment.tag === "MOA" && at(segment, 0) === "77");
    const minor = -Number(at(total, 0, 1).replace(".", ""));
    return [{ kind: "refund", externalId, minor }];
  }
  if (type === "INVRPT") {
    const skus = segments.filter(({ tag }) => tag === "LIN").map((segment) => at(segment, 2));
    const levels = quantities("145").map(({ quantity }, index): [string, number] => [
      skus[index] ?? "",
      quantity,
    ]);
    return [{ kind: "stock", levels }];
  }
  return [];
}

export const edifactSimulator: ChannelSimulatorKind = {
  start: async (options) => startPartnerSimulator(edifactSide, options),
};
