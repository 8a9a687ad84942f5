/**
 * What surrounds every staff page: navigation, connection, who is signed in. The pages themselves are in
 * `pages/`.
 */

import { useEffect, useRef, useState } from "preact/hooks";
import { Route, Router, useLocation } from "preact-iso/router";
import type { Session } from "../../contract/sign-in/sessions.ts";
import type { Overview } from "../../contract/system.ts";
import { get } from "./api/client.ts";
import { companies } from "./api/companies.ts";
import { messageOf } from "./api/problem.ts";
import { may } from "./api/session.ts";
import { signOut } from "./api/sign-in.ts";
import { Connection } from "./components/connection.tsx";
import { Dialog } from "./components/dialog.tsx";
import { Empty } from "./components/empty.tsx";
import logo from "./components/holdfast.svg";
import { Icon } from "./components/icon.tsx";
import { PageHead } from "./components/page-head.tsx";
import { Panel } from "./components/panel.tsx";
import { toast } from "./components/toast.tsx";
import { companyCurrency, companyZone } from "./live/company.ts";
import { useResource } from "./live/resource.ts";
import { useInterval } from "./live/use-interval.ts";
import { comesBack, scrollAsLeft } from "./live/visits.ts";
import { AccountPage } from "./pages/account/account-page.tsx";
import { FinancePage } from "./pages/after-sale/finance-page.tsx";
import { CatalogPage } from "./pages/catalog/catalog-page.tsx";
import { ChannelsPage } from "./pages/channels/channels-page.tsx";
import { DevicesPage } from "./pages/device-grid/devices-page.tsx";
import { CompanyLinks } from "./pages/door/company-links.tsx";
import { NewOrderPage } from "./pages/new-order/new-order-page.tsx";
import { OrderPage } from "./pages/order/order-page.tsx";
import { OrdersPage } from "./pages/order-list/orders-page.tsx";
import { OverviewPage } from "./pages/overview/overview-page.tsx";
import { PackingPage } from "./pages/packing/packing-page.tsx";
import { ReturnPage } from "./pages/returns/return-page.tsx";
import { ReturnsPage } from "./pages/returns/returns-page.tsx";
import { UnknownItemsPage } from "./pages/returns/unknown-items-page.tsx";
import { SettingsPage } from "./pages/settings/settings-page.tsx";
import { StockExplanationPage } from "./pages/stock/stock-explanation-page.tsx";
import { StockPage } from "./pages/stock/stock-page.tsx";
import { SystemPage } from "./pages/system/system-page.tsx";
import { Palette } from "./palette/palette.tsx";
import { homeOf, OVERVIEW, type Place, places } from "./palette/places.ts";
import { ShortcutHelp } from "./palette/shortcut-help.tsx";
import { useShortcuts } from "./palette/shortcuts.ts";
import { theme, toggleTheme } from "./theme.ts";

/** The places that fit into a phone's tab bar. The others are behind "More". */
const TABS: ReadonlySet<string> = new Set([OVERVIEW, "/orders", "/packing", "/returns"]);

const COUNTS_MS = 10_000;

export function Shell({ session }: { readonly session: Session }) {
  const { path, url, route } = useLocation();
  const main = useRef<HTMLElement>(null);
  const former = useRef(path);
  const [more, setMore] = useState(false);
  const [opened, setOpened] = useState<"palette" | "keys" | null>(null);
  useShortcuts({
    openPalette: () => setOpened("palette"),
    openHelp: () => setOpened("keys"),
    goTo: route,
  });
  const counts = useResource<Overview>("counts", (signal) => get("/overview", {}, signal));
  useInterval(COUNTS_MS, counts.reload);

  useEffect(() => {
    if (comesBack()) scrollAsLeft();
    if (former.current === path) return;
    former.current = path;
    setMore(false);
    scrollAsLeft();
    // A screen reader reads the new page from its top, as after a page load, unless a field of the page has
    // the focus already.
    if (!main.current?.contains(document.activeElement)) main.current?.focus({ preventScroll: true });
  }, [path, url]);

  const { timeZone, currency } = counts.data ?? {};
  useEffect(() => {
    if (timeZone !== undefined) companyZone.value = timeZone;
    if (currency !== undefined) companyCurrency.value = currency;
  }, [timeZone, currency]);

  const onHold = counts.data?.onHold ?? 0;
  const here = path === "/" ? homeOf() : path;
  const mine = places();
  return (
    <div class="shell">
      <a class="skip-link" href="#main">
        Skip to content
      </a>
      <div class="sidebar">
        <Brand />
        <button type="button" class="nav-button" onClick={() => setOpened("palette")}>
          <Icon name="search" />
          Go to <kbd>Ctrl K</kbd>
        </button>
        <nav class="nav" aria-label="Pages">
          {mine.map((place) => (
            <PlaceLink key={place.href} place={place} path={here}>
              {place.href === "/orders" && onHold > 0 && (
                <span class="count" title={`${onHold} on hold`}>
                  <span class="visually-hidden">, </span>
                  {onHold}
                  <span class="visually-hidden"> on hold</span>
                </span>
              )}
            </PlaceLink>
          ))}
        </nav>
        <div class="sidebar-foot">
          <Connection />
          <AccountActions />
          <a class="who" href="/account" {...(path === "/account" ? { "aria-current": "page" } : {})}>
            <span class="visually-hidden">Your account: </span>
            <div class="strong">{session.name}</div>
            <div class="muted">{session.email}</div>
            <div class="muted">{companies.value?.name}</div>
          </a>
        </div>
      </div>
      <header class="phone-bar">
        <Brand />
        <span class="row">
          <Connection />
          <button type="button" class="button quiet icon-only" onClick={() => setOpened("palette")}>
            <Icon name="search" label="Go to" />
          </button>
        </span>
      </header>
      <main id="main" class="main" ref={main} tabIndex={-1}>
        <Router>
          <Route path="/" component={HomePage} />
          <Route path={OVERVIEW} component={OverviewPage} />
          <Route path="/orders" component={OrdersPage} />
          <Route path="/orders/new" component={NewOrderPage} />
          <Route path="/orders/:id" component={OrderPage} />
          <Route path="/stock" component={StockPage} />
          <Route path="/stock/:sku/:location" component={StockExplanationPage} />
          <Route path="/packing" component={PackingPage} />
          <Route path="/returns" component={ReturnsPage} />
          <Route path="/returns/unknown" component={UnknownItemsPage} />
          <Route path="/returns/:id" component={ReturnPage} />
          <Route path="/finance" component={FinancePage} />
          <Route path="/devices" component={DevicesPage} />
          <Route path="/channels" component={ChannelsPage} />
          <Route path="/catalog" component={CatalogPage} />
          <Route path="/system" component={SystemPage} />
          <Route path="/settings" component={SettingsPage} />
          <Route path="/account" component={AccountPage} />
          <Route default component={NotFoundPage} />
        </Router>
      </main>
      <nav class="tabs" aria-label="Main pages">
        {mine
          .filter(({ href }) => TABS.has(href))
          .map((place) => (
            <PlaceLink key={place.href} place={place} path={here} />
          ))}
        <button type="button" aria-expanded={more} onClick={() => setMore(true)}>
          <Icon name="more" />
          More
        </button>
      </nav>
      {more && (
        <Dialog title="More" onClose={() => setMore(false)}>
          <nav class="nav" aria-label="More pages">
            {mine
              .filter(({ href }) => !TABS.has(href))
              .map((place) => (
                <PlaceLink key={place.href} place={place} path={here} />
              ))}
            <AccountActions />
          </nav>
          <p class="small break">
            <a href="/account">
              {session.name}, {session.email}
              {companies.value !== null && `, ${companies.value.name}`}
            </a>
          </p>
        </Dialog>
      )}
      {opened === "palette" && (
        <Palette
          onClose={() => setOpened(null)}
          acts={[
            ...(may("orders.capture")
              ? [{ label: "New order", icon: "plus" as const, run: () => route("/orders/new") }]
              : []),
            {
              label: theme.value === "dark" ? "Light colours" : "Dark colours",
              icon: theme.value === "dark" ? "sun" : "moon",
              run: toggleTheme,
            },
            { label: "Your account", icon: "settings", run: () => route("/account") },
            { label: "Keys", icon: "keyboard", run: () => setOpened("keys") },
            { label: "Sign out", icon: "leave", run: leave },
          ]}
        />
      )}
      {opened === "keys" && <ShortcutHelp onClose={() => setOpened(null)} />}
    </div>
  );
}

/** Where the day begins for who is signed in. */
function HomePage() {
  switch (homeOf()) {
    case "/packing":
      return <PackingPage />;
    case "/finance":
      return <FinancePage />;
    default:
      return <OverviewPage />;
  }
}

function leave(): void {
  signOut().catch((error: unknown) => toast("bad", messageOf(error)));
}

function Brand() {
  return (
    <a class="brand" href="/">
      <img src={logo} alt="" />
      Holdfast
    </a>
  );
}

function PlaceLink({
  place,
  path,
  children,
}: {
  readonly place: Place;
  readonly path: string;
  readonly children?: preact.ComponentChildren;
}) {
  const isHere = path === place.href || path.startsWith(`${place.href}/`);
  return (
    <a href={place.href} {...(isHere ? { "aria-current": "page" as const } : {})}>
      <Icon name={place.icon} />
      {place.label}
      {children}
    </a>
  );
}

function AccountActions() {
  const dark = theme.value === "dark";
  return (
    <>
      <CompanyLinks />
      <button type="button" class="nav-button" onClick={toggleTheme}>
        <Icon name={dark ? "sun" : "moon"} />
        {dark ? "Light" : "Dark"}
      </button>
      <button type="button" class="nav-button" onClick={leave}>
        <Icon name="leave" />
        Sign out
      </button>
    </>
  );
}

function NotFoundPage() {
  return (
    <div class="page">
      <PageHead title="There is no page at this address" documentTitle="Not found" />
      <Panel>
        <Empty icon="search" title={window.location.pathname}>
          <a class="button" href="/">
            Go to the first page
          </a>
        </Empty>
      </Panel>
    </div>
  );
}
