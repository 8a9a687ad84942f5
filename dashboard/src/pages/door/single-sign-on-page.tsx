import { useEffect, useState } from "preact/hooks";
import { useLocation } from "preact-iso/router";
import { messageOf } from "../../api/problem.ts";
import { isForProof, offerAnswer } from "../../api/prove-elsewhere.ts";
import { signInByAnswer } from "../../api/sign-in.ts";
import { Notice } from "../../components/notice.tsx";
import { DoorPage } from "./door-page.tsx";

/** The page that waits for a proof answers at once. */
const TAKEN_WITHIN_MS = 5_000;

/** Where the identity provider sends the browser back: its answer is handed on, and leaves the address. */
export function SingleSignOnPage() {
  const { route } = useLocation();
  const [error, setError] = useState<string | null>(null);
  useEffect(() => {
    document.title = "Sign in · Holdfast";
    const answer = window.location.search.slice(1);
    window.history.replaceState(null, "", window.location.pathname);
    handOn(answer)
      .then((isSignedIn) => (isSignedIn ? route("/", true) : window.close()))
      .catch((caught: unknown) => setError(messageOf(caught)));
  }, []);
  return (
    <DoorPage title="Sign in">
      {error === null ? (
        <p role="status">One moment.</p>
      ) : (
        <>
          <Notice tone="bad">{error}</Notice>
          <p>
            <a href="/">Go to the sign-in page</a>
          </p>
        </>
      )}
    </DoorPage>
  );
}

/**
 * @returns whether somebody is signed in by it now; else it was a proof, and this window has done its part
 */
async function handOn(answer: string): Promise<boolean> {
  if (!isForProof(answer)) {
    await signInByAnswer(answer);
    return true;
  }
  if (!(await offerAnswer(answer, TAKEN_WITHIN_MS)))
    throw new Error("The page that asked for this is not open any more.");
  return false;
}
