/** Staff and shoppers get different programs: a shopper on a phone loads only the tracking page. */
import "./styles/tokens.css";
import "./styles/base.css";
import "./styles/components.css";
import { applyStoredTheme } from "./theme.ts";

applyStoredTheme();

const root = document.getElementById("app");
if (root === null) throw new Error("index.html has no element #app");

const program = window.location.pathname.startsWith("/track/")
  ? import("./shopper-app.tsx")
  : import("./staff-app.tsx");
void program.then(({ mount }) => mount(root));
