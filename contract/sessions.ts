/** Who is signed in. */
import Type from "typebox";
import { closed, type Shape, Text, text } from "./shapes.ts";

export const Login = Type.Object(
  { email: text(320), password: Type.String({ minLength: 1, maxLength: 256 }) },
  closed,
);

export const Session = Type.Object({ staffId: Text, name: Text, email: Text, role: Text });
export type Session = Shape<typeof Session>;
