/** A wholesale buyer's side of X12. */
import type { ChannelSimulatorKind } from "../../simulator-kit/channel-simulator.ts";
import {
  type PartnerSide,
  type PartnerWord,
  startPartnerSimulator,
} from "../../simulator-kit/partner-simulator.ts";
import { readInterchange, type Segment, type TransactionSet } from "./interchange.ts";
import { x12Writer } from "./sample-orders.ts";

export const x12Side: PartnerSide = {
  extension: "edi",
  account: (folder) => ({
    X12_FOLDER: folder,
    X12_OUR_ID: "HOLDFAST",
    X12_OUR_QUALIFIER: "ZZ",
    X12_PARTNER_ID: "SAMPLEBUYER",
    X12_PARTNER_QUALIFIER: "ZZ",
    X12_OUR_GROUP_ID: "",
    X12_PARTNER_GROUP_ID: "",
    X12_VERSION: "004010",
    X12_SEPARATORS: "*>~",
    X12_TEST: "no",
    X12_SETTLE_SECONDS: "0",
  }),
  order: (planned, random) => x12Writer.write(planned, random),
  change: ({ externalId, planned }, what, random) => {
    const day = planned.placedAt.toISOString().slice(0, 10).replaceAll("-", "");
    const line = what === "cancel" ? undefined : planned.lines[what.line];
    const set: readonly (readonly string[])[] =
      what === "cancel"
        ? [["BCH", "01", "SA", externalId, "", "1", day]]
        : [
            ["BCH", "04", "SA", externalId, "", "1", day],
            [
              "POC",
              String(what.line + 1),
              what.quantity === 0 ? "DI" : what.quantity < (line?.quantity ?? 0) ? "QD" : "QI",
              String(what.quantity),
              "",
              "EA",
              "",
              "",
              "VN",
              line?.channelSku ?? "",
            ],
          ];
    const control = random.digits(9);
    const blank = " ".repeat(10);
    const segments: readonly (readonly string[])[] = [
      ["ISA", "00", blank, "00", blank, "ZZ", "SAMPLEBUYER".padEnd(15), "ZZ", "HOLDFAST".padEnd(15)].concat([
        day.slice(2),
        "0900",
        "U",
        "00401",
        control,
        "0",
        "P",
        ">",
      ]),
      ["GS", "PC", "SAMPLEBUYER", "HOLDFAST", day, "0900", "1", "X", "004010"],
      ["ST", "860", "0001"],
      ...set,
      ["SE", String(set.length + 2), "0001"],
      ["GE", "1", "1"],
      ["IEA", "1", control],
    ];
    return `${segments.map((segment) => `${segment.join("*")}~`).join("\n")}\n`;
  },
  read: (fileName, content) => {
    const { interchange, faults } = readInterchange(content);
    if (interchange === null) throw new Error(`${fileName}: ${faults.join(" ")}`);
    return interchange.groups.flatMap(({ sets }) => sets).flatMap(wordsOf);
  },
};

function wordsOf({ type, segments }: TransactionSet): readonly PartnerWord[] {
  const of = (tag: string): Segment | undefined => segments.find(([name]) => name === tag);
  if (type === "856") {
    const lines = segments.flatMap(([tag, line = "", quantity]) =>
      tag === "SN1" ? [{ line, quantity: Number(quantity) }] : [],
    );
    return [{ kind: "ship", externalId: of("PRF")?.[1] ?? "", lines }];
  }
  if (type === "855") {
    let line = "";
    const lines: { line: string; quantity: number }[] = [];
    for (const segment of segments) {
      if (segment[0] === "PO1") line = segment[1] ?? "";
      if (segment[0] === "ACK" && segment[1] === "IR") lines.push({ line, quantity: Number(segment[2]) });
    }
    return lines.length === 0 ? [] : [{ kind: "cancel", externalId: of("BAK")?.[3] ?? "", lines }];
  }
  if (type === "810" && of("BIG")?.[7] === "CR")
    return [{ kind: "refund", externalId: of("BIG")?.[4] ?? "", minor: -Number(of("TDS")?.[1]) }];
  if (type === "846") {
    const levels: [string, number][] = [];
    for (const segment of segments) {
      if (segment[0] === "LIN") levels.push([segment[3] ?? "", 0]);
      const last = levels.at(-1);
      if (segment[0] === "QTY" && last !== undefined) last[1] = Number(segment[2]);
    }
    return [{ kind: "stock", levels }];
  }
  return [];
}

export const x12Simulator: ChannelSimulatorKind = {
  start: async (options) => startPartnerSimulator(x12Side, options),
};
