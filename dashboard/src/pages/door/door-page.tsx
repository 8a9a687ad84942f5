import type { ComponentChildren } from "preact";
import logo from "../../components/holdfast.svg";

/** A page before anybody is signed in: the brand, and one card. */
export function DoorPage({
  title,
  hidden = false,
  wide = false,
  children,
}: {
  readonly title: string;
  /** The title is read out, and not shown: the form says it already. */
  readonly hidden?: boolean;
  /** For more than a few fields. */
  readonly wide?: boolean;
  readonly children: ComponentChildren;
}) {
  return (
    <main class="sign-in">
      <div class={`sign-in-card ${wide ? "wide" : ""}`}>
        <div>
          <div class="brand">
            <img src={logo} alt="" />
            Holdfast
          </div>
          <h1 class={hidden ? "visually-hidden" : ""}>{title}</h1>
        </div>
        {children}
      </div>
    </main>
  );
}
