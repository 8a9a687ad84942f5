/**
 * What surrounds every staff page: navigation, connection, who is signed in. The pages themselves are in
 * `pages/`.
 */

import { useEffect, useRef, useState } from "preact/hooks";
import { Route, Router, useLocation } from "preact-iso/router";
import type { Session } from "../../contract/sessions.ts";
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
import { Icon, type IconName } from "./components/icon.tsx";
import { toast } from "./components/toast.tsx";
import { useResource } from "./live/resource.ts";
import { useInterval } from "./live/use-interval.ts";
import { AccountPage } from "./pages/account/account-page.tsx";
import { FinancePage } from "./pages/after-sale/finance-page.tsx";
import { CatalogPage } from "./pages/catalog/catalog-page.tsx";
import { DevicesPage } from "./pages/device-grid/devices-page.tsx";
import { CompanyLinks } from "./pages/door/company-links.tsx";
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
import { theme, toggleTheme } from "./theme.ts";

type Place = {
  readonly href: string;
  readonly label: string;
  readonly icon: IconName;
  /** Without it the place is not shown. */
  readonly needs?: string;
};

const PLACES: readonly Place[] = [
  { href: "/", label: "Overview", icon: "overview" },
  { href: "/orders", label: "Orders", icon: "orders" },
  { href: "/stock", label: "Stock", icon: "stock" },
  { href: "/packing", label: "Packing", icon: "pack" },
  { href: "/returns", label: "Returns", icon: "returns" },
  { href: "/finance", label: "Finance", icon: "money" },
  { href: "/devices", label: "Devices", icon: "devices" },
  { href: "/catalog", label: "Catalog", icon: "catalog" },
  { href: "/settings", label: "Settings", icon: "settings", needs: "settings.read" },
];

/** The places that fit into a phone's tab bar. The others are behind "More". */
const TABS: readonly Place[] = PLACES.filter(({ href }) =>
  ["/", "/orders", "/packing", "/returns"].includes(href),
);

const COUNTS_MS = 10_000;

export function Shell({ session }: { readonly session: Session }) {
  const { path } = useLocation();
  const main = useRef<HTMLElement>(null);
  const former = useRef(path);
  const [more, setMore] = useState(false);
  const counts = useResource<Overview>("counts", (signal) => get("/overview", {}, signal));
  useInterval(COUNTS_MS, counts.reload);

  useEffect(() => {
    if (former.current === path) return;
    former.current = path;
    setMore(false);
    window.scrollTo(0, 0);
    // A screen reader reads the new page from its top, as after a page load, unless a field of the page has
    // the focus already.
    if (!main.current?.contains(document.activeElement)) main.current?.focus({ preventScroll: true });
  }, [path]);

  const onHold = counts.data?.onHold ?? 0;
  const places = PLACES.filter(({ needs }) => needs === undefined || may(needs));
  return (
    <div class="shell">
      <a class="skip-link" href="#main">
        Skip to content
      </a>
      <div class="sidebar">
        <Brand />
        <nav class="nav" aria-label="Pages">
          {places.map((place) => (
            <PlaceLink key={place.href} place={place} path={path}>
              {place.href === "/orders" && onHold > 0 && (
                <span class="count" title={`${onHold} on hold`}>
                  <span class="visually-hidden">on hold: </span>
                  {onHold}
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
        <Connection />
      </header>
      <main id="main" class="main" ref={main} tabIndex={-1}>
        <Router>
          <Route path="/" component={OverviewPage} />
          <Route path="/orders" component={OrdersPage} />
          <Route path="/orders/:id" component={OrderPage} />
          <Route path="/stock" component={StockPage} />
          <Route path="/stock/:sku/:location" component={StockExplanationPage} />
          <Route path="/packing" component={PackingPage} />
          <Route path="/returns" component={ReturnsPage} />
          <Route path="/returns/unknown" component={UnknownItemsPage} />
          <Route path="/returns/:id" component={ReturnPage} />
          <Route path="/finance" component={FinancePage} />
          <Route path="/devices" component={DevicesPage} />
          <Route path="/catalog" component={CatalogPage} />
          <Route path="/settings" component={SettingsPage} />
          <Route path="/account" component={AccountPage} />
          <Route default component={NotFoundPage} />
        </Router>
      </main>
      <nav class="tabs" aria-label="Main pages">
        {TABS.map((place) => (
          <PlaceLink key={place.href} place={place} path={path} />
        ))}
        <button type="button" aria-expanded={more} onClick={() => setMore(true)}>
          <Icon name="more" />
          More
        </button>
      </nav>
      {more && (
        <Dialog title="More" onClose={() => setMore(false)}>
          <nav class="nav" aria-label="More pages">
            {places
              .filter((place) => !TABS.includes(place))
              .map((place) => (
                <PlaceLink key={place.href} place={place} path={path} />
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
    </div>
  );
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
  const here = place.href === "/" ? path === "/" : path === place.href || path.startsWith(`${place.href}/`);
  return (
    <a href={place.href} {...(here ? { "aria-current": "page" as const } : {})}>
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
      <button
        type="button"
        class="nav-button"
        onClick={() => {
          signOut().catch((error: unknown) => toast("bad", messageOf(error)));
        }}
      >
        <Icon name="leave" />
        Sign out
      </button>
    </>
  );
}

function NotFoundPage() {
  return (
    <Empty icon="search" title="There is no page at this address">
      <a href="/">Go to the overview</a>
    </Empty>
  );
}
