/** Who is signed in. */
import Type from "typebox";
import { PASSWORD_MOST } from "../../config/limits.ts";
import { closed, Nullable, type Shape, Text, text } from "../shapes.ts";
import { PasskeyAnswer } from "./passkeys.ts";

export const Login = Type.Object(
  {
    email: text(320),
    password: Type.String({ minLength: 1, maxLength: PASSWORD_MOST }),
    /** Of the second factor, where the account has one: the app's code, or a recovery code. */
    code: Type.Optional(Type.String({ minLength: 6, maxLength: 32 })),
    /** Or the answer of one of its passkeys. */
    passkey: Type.Optional(PasskeyAnswer),
  },
  closed,
);

/** `permissions`: what the member's role may do, so that a page offers no more. */
export const Session = Type.Object({
  staffId: Text,
  name: Text,
  email: Text,
  role: Text,
  permissions: Type.Array(Text),
  /** The role demands a second factor or a passkey, and there is none: until one is set nothing else may be done. */
  secondFactorDemanded: Type.Boolean(),
});
export type Session = Shape<typeof Session>;

/** What signing out leaves to do. */
export const SignedOut = Type.Object({
  status: Type.Literal("done"),
  /** Where the browser ends its session at the identity provider as well; null: it has none there. */
  continueAt: Nullable(Text),
});
export type SignedOut = Shape<typeof SignedOut>;

/** How one may sign in here beside the password. */
export const SignInWays = Type.Object({
  /** What people call the identity provider; null: there is none. */
  singleSignOn: Nullable(Text),
  /** Whether passwords and passkeys are for administrators only. */
  required: Type.Boolean(),
});
export type SignInWays = Shape<typeof SignInWays>;

/** Where the browser goes to sign in. It comes back to `/single-sign-on`, with an answer in the query. */
export const SignOnBegun = Type.Object({ url: Text });
export type SignOnBegun = Shape<typeof SignOnBegun>;

/** The query with which the identity provider sent the browser back, without `?`. */
export const SignOnAnswer = text(8_000);

export const SignOnLogin = Type.Object({ answer: SignOnAnswer }, closed);
