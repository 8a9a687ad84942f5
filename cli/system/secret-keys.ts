/** The keys under which stored secrets are sealed: as the settings name them, or one of the folder's own. */
import { open, readFile, rename } from "node:fs/promises";
import { join } from "node:path";
import { newSecretKeyLine, readSecretKeys, SealedSecretError, SecretBox } from "../../config/secret-box.ts";
import type { Settings } from "../../config/settings.ts";
import { sealSecondFactors } from "../../store/access/second-factors.ts";
import { sealChannelSecrets } from "../../store/catalog/channel-secrets.ts";
import { sealChannelAccounts } from "../../store/channels/accounts.ts";
import { attachVault, PersonVault } from "../../store/personal-data/vault.ts";
import { sealVendorAccounts } from "../../store/settings/vendor-accounts.ts";
import { sealWebhookSecrets } from "../../store/settings/webhook-subscriptions.ts";
import { type Database, inTransaction } from "../../store/sql/database.ts";
import { errorCode, reasonOf, UserProblem } from "../problem.ts";

const ADVICE =
  "`holdfast secrets new-key` prints a line for it. Without the keys of before, what is sealed under them is lost.";

/** @returns null where the settings name no key */
export async function secretBoxOf(settings: Settings["secrets"]): Promise<SecretBox | null> {
  const { keys, keyFile } = settings;
  if (keys !== null) return boxOf(keys, "HOLDFAST_SECRETS_KEY");
  if (keyFile === null) return null;
  const text = await readFile(keyFile, "utf8").catch((cause: unknown) => {
    throw new UserProblem(
      "secrets_key_unreadable",
      `HOLDFAST_SECRETS_KEY_FILE names ${keyFile}, which cannot be read: ${reasonOf(cause)}.`,
      "Correct the setting, or let the process read the file.",
      { cause },
    );
  });
  return boxOf(text, `HOLDFAST_SECRETS_KEY_FILE: ${keyFile}`);
}

/** A system on one machine makes its own key in its data folder, readable by its owner only. */
export async function ownSecretBox(folder: string): Promise<SecretBox> {
  const path = join(folder, "secrets.key");
  const found = await readFile(path, "utf8").catch((error: unknown) => {
    if (errorCode(error) === "ENOENT") return null;
    throw error;
  });
  if (found !== null) return boxOf(found, path);
  const line = newSecretKeyLine("local");
  // On disk before anything is sealed under it, and whole or not at all.
  const file = await open(`${path}.new`, "w", 0o600);
  try {
    await file.writeFile(`${line}\n`);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(`${path}.new`, path);
  return boxOf(line, path);
}

/**
 * Every stored secret is opened, and sealed anew where that is due. From then on personal data is encrypted
 * on its way into the database, and opened on its way out.
 *
 * @returns how many secrets were sealed anew
 */
export async function sealStoredSecrets(database: Database, box: SecretBox): Promise<number> {
  try {
    attachVault(database, await PersonVault.open(database, box));
    const sealed = [
      await sealChannelSecrets(database, box),
      await sealSecondFactors(database, box),
      await inTransaction(database, (client) => sealVendorAccounts(client, box)),
      await inTransaction(database, (client) => sealWebhookSecrets(client, box)),
      await inTransaction(database, (client) => sealChannelAccounts(client, box)),
    ];
    return sealed.reduce((sum, each) => sum + each, 0);
  } catch (error) {
    if (!(error instanceof SealedSecretError)) throw error;
    throw new UserProblem(error.code, `A stored secret cannot be opened: ${error.message}.`, ADVICE, {
      cause: error,
    });
  }
}

function boxOf(text: string, source: string): SecretBox {
  const reading = readSecretKeys(text);
  if (reading.status === "ok") return new SecretBox(reading.keys);
  throw new UserProblem("secrets_key_invalid", `${source} ${reading.problem}.`, ADVICE);
}
