import { render } from "preact";
import { useEffect, useState } from "preact/hooks";
import { LocationProvider, useLocation } from "preact-iso/router";
import { loadCompanies } from "./api/companies.ts";
import { messageOf } from "./api/problem.ts";
import { isEmptySystem, session } from "./api/session.ts";
import { restoreSession } from "./api/sign-in.ts";
import { Notice } from "./components/notice.tsx";
import { Toasts } from "./components/toast.tsx";
import { watchVisits } from "./live/visits.ts";
import { ProveDialog } from "./pages/account/prove-dialog.tsx";
import { ChoosePasswordPage } from "./pages/door/choose-password-page.tsx";
import { DemandedFactorPage } from "./pages/door/demanded-factor-page.tsx";
import { ForgotPage } from "./pages/door/forgot-page.tsx";
import { SetupPage } from "./pages/door/setup-page.tsx";
import { SingleSignOnPage } from "./pages/door/single-sign-on-page.tsx";
import { SignInPage } from "./pages/sign-in-page.tsx";
import { Shell } from "./shell.tsx";
import "./styles/layout.css";
import "./styles/pages.css";
import "./styles/lists.css";

export function mount(root: HTMLElement): void {
  watchVisits();
  render(
    <LocationProvider>
      <StaffApp />
    </LocationProvider>,
    root,
  );
}

function StaffApp() {
  const { path } = useLocation();
  const [error, setError] = useState<string | null>(null);
  const restore = (): void => {
    setError(null);
    restoreSession().catch((caught: unknown) => setError(messageOf(caught)));
  };
  useEffect(restore, []);
  const isEmpty = isEmptySystem.value;
  useEffect(() => {
    if (!isEmpty) void loadCompanies();
  }, [isEmpty]);
  if (error !== null) {
    return (
      <main class="sign-in">
        <Notice tone="bad" action={{ label: "Try again", run: restore }}>
          {error}
        </Notice>
      </main>
    );
  }
  if (isEmpty) return <SetupPage />;
  if (session.value === undefined) return null;
  return (
    <>
      <Door path={path} />
      {session.value !== null && <ProveDialog />}
      <Toasts />
    </>
  );
}

/**
 * A link to set a password, and the way back from the identity provider, lead to their pages, whoever is
 * signed in.
 */
function Door({ path }: { readonly path: string }) {
  if (path === "/password") return <ChoosePasswordPage />;
  if (path === "/single-sign-on") return <SingleSignOnPage />;
  if (session.value?.secondFactorDemanded) return <DemandedFactorPage />;
  if (session.value) return <Shell session={session.value} />;
  return path === "/forgot" ? <ForgotPage /> : <SignInPage />;
}
