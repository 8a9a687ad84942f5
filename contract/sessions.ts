/** Who is signed in. */
import Type from "typebox";
import { PASSWORD_MOST } from "../config/limits.ts";
import { closed, type Shape, Text, text } from "./shapes.ts";

export const Login = Type.Object(
  {
    email: text(320),
    password: Type.String({ minLength: 1, maxLength: PASSWORD_MOST }),
    /** Of the second factor, where the account has one: the app's code, or a recovery code. */
    code: Type.Optional(Type.String({ minLength: 6, maxLength: 32 })),
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
});
export type Session = Shape<typeof Session>;
