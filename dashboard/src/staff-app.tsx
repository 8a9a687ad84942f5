import { render } from "preact";
import { useEffect, useState } from "preact/hooks";
import { LocationProvider } from "preact-iso/router";
import { messageOf } from "./api/problem.ts";
import { session } from "./api/session.ts";
import { restoreSession } from "./api/sign-in.ts";
import { Notice } from "./components/notice.tsx";
import { Toasts } from "./components/toast.tsx";
import { SignInPage } from "./pages/sign-in-page.tsx";
import { Shell } from "./shell.tsx";
import "./styles/layout.css";
import "./styles/pages.css";

export function mount(root: HTMLElement): void {
  render(
    <LocationProvider>
      <StaffApp />
    </LocationProvider>,
    root,
  );
}

function StaffApp() {
  const [error, setError] = useState<string | null>(null);
  const restore = (): void => {
    setError(null);
    restoreSession().catch((caught: unknown) => setError(messageOf(caught)));
  };
  useEffect(restore, []);
  if (error !== null) {
    return (
      <main class="sign-in">
        <Notice tone="bad" action={{ label: "Try again", run: restore }}>
          {error}
        </Notice>
      </main>
    );
  }
  if (session.value === undefined) return null;
  return (
    <>
      {session.value === null ? <SignInPage /> : <Shell session={session.value} />}
      <Toasts />
    </>
  );
}
