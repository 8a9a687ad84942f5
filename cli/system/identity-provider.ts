/** The identity provider by which staff sign in, as the settings name it. */
import { readFile } from "node:fs/promises";
import type { Logger } from "pino";
import type { Settings } from "../../config/settings.ts";
import { createOidcProvider } from "../../integrations/identity/oidc.ts";
import type { IdentityProvider } from "../../ports/identity.ts";
import { reasonOf, UserProblem } from "../problem.ts";

type SingleSignOn = { readonly provider: IdentityProvider; readonly required: boolean };

/** @returns null where no provider is set @throws UserProblem `oidc_secret_unreadable` */
export async function identityProvider(
  { singleSignOn, publicUrl }: Pick<Settings, "singleSignOn" | "publicUrl">,
  logger: Logger,
): Promise<SingleSignOn | null> {
  if (singleSignOn === null) return null;
  const { issuer, clientId, clientAuth, name, required } = singleSignOn;
  return {
    required,
    provider: createOidcProvider(
      {
        issuer,
        clientId,
        clientSecret: await secretOf(singleSignOn),
        clientAuth,
        name,
        redirectUri: `${publicUrl}/single-sign-on`,
        afterLogout: `${publicUrl}/`,
      },
      logger,
    ),
  };
}

async function secretOf({
  clientSecret,
  clientSecretFile,
}: NonNullable<Settings["singleSignOn"]>): Promise<string> {
  if (clientSecretFile === null) return clientSecret ?? "";
  const text = await readFile(clientSecretFile, "utf8").catch((cause: unknown) => {
    throw new UserProblem(
      "oidc_secret_unreadable",
      `HOLDFAST_OIDC_CLIENT_SECRET_FILE names ${clientSecretFile}, which cannot be read: ${reasonOf(cause)}.`,
      "Correct the setting, or let the process read the file.",
      { cause },
    );
  });
  if (text.trim() !== "") return text.trim();
  throw new UserProblem(
    "oidc_secret_unreadable",
    `HOLDFAST_OIDC_CLIENT_SECRET_FILE names ${clientSecretFile}, which is empty.`,
    "Put the client secret that the identity provider gave you into it.",
  );
}
