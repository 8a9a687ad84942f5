/**
 * People: who may sign in and as what, their passwords, sessions and second factor.
 *
 * Secrets (links, recovery codes) are in the answer that makes them and nowhere else.
 */
import Type from "typebox";
import { PASSWORD_MOST } from "../config/limits.ts";
import { Count, closed, Email, Nullable, oneOf, type Shape, Text, Time, text, Version } from "./shapes.ts";
import { PasskeyAnswer } from "./sign-in/passkeys.ts";
import { SignOnAnswer } from "./sign-in/sessions.ts";

const STATES = ["active", "invited", "disabled"] as const;

export const StaffView = Type.Object({
  id: Text,
  email: Text,
  name: Text,
  role: Text,
  /** `invited`: has not set a password yet. `disabled`: may not sign in. */
  state: oneOf(STATES),
  /** Whether signing in by password asks for the code of an app as well. */
  secondFactor: Type.Boolean(),
  /** Where there are some, signing in by password asks for one of them, or a code. */
  passkeys: Count,
  passwordSetAt: Nullable(Time),
  /** Open sessions, and when one of them asked for something last, to some minutes. */
  sessions: Count,
  lastSeenAt: Nullable(Time),
  createdAt: Time,
  version: Count,
});
export type StaffView = Shape<typeof StaffView>;

export const CreateStaffBody = Type.Object({ email: Email, name: text(100), role: text(32) }, closed);
export type CreateStaffBody = Shape<typeof CreateStaffBody>;

/** What is left out stays as it is. */
export const ChangeStaffBody = Type.Object(
  {
    version: Version,
    email: Type.Optional(Email),
    name: Type.Optional(text(100)),
    role: Type.Optional(text(32)),
  },
  closed,
);
export type ChangeStaffBody = Shape<typeof ChangeStaffBody>;

/** A person, and the link by which they set a password. */
export const IssuedLink = Type.Object({
  person: StaffView,
  /** Shown once; null: this is a repeat. It counts once, and until it expires or there is a newer one. */
  link: Nullable(Text),
  expiresAt: Nullable(Time),
  /** Whether it was mailed to the person as well. */
  mailed: Type.Boolean(),
});
export type IssuedLink = Shape<typeof IssuedLink>;

export const SessionsEnded = Type.Object({ status: Type.Literal("done"), ended: Count });
export type SessionsEnded = Shape<typeof SessionsEnded>;

const LinkToken = Type.String({ minLength: 1, maxLength: 128 });
/** As it is chosen; which ones are refused, docs/operations.md says. */
export const NewPassword = Type.String({ minLength: 1, maxLength: PASSWORD_MOST });
const Password = Type.String({ minLength: 1, maxLength: PASSWORD_MOST });

export const ResetBody = Type.Object({ email: text(320) }, closed);

export const CheckLinkBody = Type.Object({ token: LinkToken }, closed);

/** Whose password a link sets. */
export const PasswordLinkView = Type.Object({
  email: Text,
  name: Text,
  purpose: oneOf(["invitation", "reset"]),
  expiresAt: Time,
  /** Characters that a password has at least. */
  leastCharacters: Count,
});
export type PasswordLinkView = Shape<typeof PasswordLinkView>;

export const UseLinkBody = Type.Object({ token: LinkToken, password: NewPassword }, closed);

export const ChangePasswordBody = Type.Object({ current: Password, next: NewPassword }, closed);
export type ChangePasswordBody = Shape<typeof ChangePasswordBody>;

export const SessionView = Type.Object({
  id: Text,
  /** Where it was opened, and what its browser said it is; empty: not known. */
  address: Text,
  browser: Text,
  openedAt: Time,
  /** To some minutes. */
  seenAt: Time,
  /** Whether it is the one that asks. */
  current: Type.Boolean(),
});
export type SessionView = Shape<typeof SessionView>;

/** Who is signed in, as they see themselves. */
export const AccountView = Type.Object({
  id: Text,
  email: Text,
  name: Text,
  role: Text,
  passwordSetAt: Nullable(Time),
  leastCharacters: Count,
  secondFactor: Type.Boolean(),
  passkeys: Count,
  /** Where browsers have passkeys for; null: the public URL is an address, and they have none. */
  passkeyOrigin: Nullable(Text),
  /** Recovery codes that have not been used. */
  recoveryCodes: Count,
});
export type AccountView = Shape<typeof AccountView>;

/** What an authenticator app reads. It counts once a code of it was shown. */
export const SecondFactorSecret = Type.Object({
  /** Base32, to be typed where no picture can be read. */
  secret: Text,
  /** `otpauth://totp/…`. */
  uri: Text,
  /** The same as a QR code. */
  svg: Text,
});
export type SecondFactorSecret = Shape<typeof SecondFactorSecret>;

const OneTimeCode = Type.String({ minLength: 6, maxLength: 32 });

export const ConfirmSecondFactorBody = Type.Object({ code: OneTimeCode }, closed);

/** Each counts once, in the place of a code of the app. */
export const RecoveryCodes = Type.Object({ codes: Type.Array(Text) });
export type RecoveryCodes = Shape<typeof RecoveryCodes>;

/** By what a person can prove again who they are. */
export const ProofMeans = Type.Object({
  /** When they did it last in this session: by signing in, or since. */
  provedAt: Time,
  password: Type.Boolean(),
  /** Whether the password alone is not enough. */
  secondFactor: Type.Boolean(),
  passkey: Type.Boolean(),
  singleSignOn: Type.Boolean(),
});
export type ProofMeans = Shape<typeof ProofMeans>;

/**
 * A passkey, the identity provider's answer, or the password; with a code, or the passkey, where there is a
 * second factor.
 */
export const ProofBody = Type.Object(
  {
    password: Type.Optional(Password),
    code: Type.Optional(OneTimeCode),
    passkey: Type.Optional(PasskeyAnswer),
    singleSignOn: Type.Optional(SignOnAnswer),
  },
  closed,
);
export type ProofBody = Shape<typeof ProofBody>;
