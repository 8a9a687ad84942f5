import { render } from "preact";
import { ShopperPage } from "./pages/shopper/shopper-page.tsx";
import "./styles/shopper.css";

export function mount(root: HTMLElement): void {
  const token = decodeURIComponent(window.location.pathname.split("/")[2] ?? "");
  render(<ShopperPage token={token} />, root);
}
