import type { ComponentChildren } from "preact";
import logo from "../../components/holdfast.svg";

/** A page before anybody is signed in: the brand, and one card. */
export function DoorPage({
  title,
  hidden = false,
  wide = false,
  company,
  children,
}: {
  readonly title: string;
  /** The title is read out, and not shown: the form says it already. */
  readonly hidden?: boolean;
  /** For more than a few fields. */
  readonly wide?: boolean;
  /** Whose system it is, where that is known. */
  readonly company?: string | undefined;
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
          {company !== undefined && <p class="muted break">{company}</p>}
          <h1 class={hidden ? "visually-hidden" : ""}>{title}</h1>
        </div>
        {children}
      </div>
    </main>
  );
}
