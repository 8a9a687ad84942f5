/** A trading partner who writes EDIFACT: `partner-folder/` with the format of EDIFACT. */
import type { ChannelConnection } from "../../../ports/channel-connection.ts";
import { createFolderConnection } from "../../partner-folder/folder-connection.ts";
import type { ConnectOptions } from "../../vendor.ts";
import { createEdifactFormat } from "./format.ts";
import { edifactPartnerOf } from "./partner.ts";

/** @param values as `edifactVariables` declares them */
export function createEdifactConnection(
  values: Readonly<Record<string, string>>,
  options: ConnectOptions = {},
): ChannelConnection {
  const partner = edifactPartnerOf(values);
  const now = options.now ?? Date.now;
  return createFolderConnection(
    createEdifactFormat(partner, now),
    {
      folder: partner.folder,
      key: partner.folderKey,
      settleMs: partner.settleMs,
      stockPauseMs: partner.stockPauseMs,
      partner: `${partner.partnerId}:${partner.partnerQualifier} (EDIFACT)`,
    },
    { now },
  );
}
