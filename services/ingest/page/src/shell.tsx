/** What is around every view: the navigation, the skip link, the small player, the shortcuts. */

import type { ComponentChildren } from "preact";
import { useEffect, useState } from "preact/hooks";
import { Link, useLocation } from "wouter-preact";
import { type Me, may, me, signOut } from "./api/session";
import { Dock } from "./components/dock";
import { Help } from "./components/help";
import { Icon, type IconName } from "./components/icon";
import { listen, shortcuts } from "./keyboard";
import { PLACES } from "./places";
import { switchTheme, theme } from "./theme";

const LEADING = 1200; // ms in which the letter after `g` has to come

function isAt(path: string, place: string): boolean {
  return place === "/" ? path === "/" || path.startsWith("/calls/") : path.startsWith(place);
}

function Navigation() {
  const [path] = useLocation();
  return (
    <nav aria-label="Main">
      {PLACES.filter(place => may(place.scope)).map(place => (
        <Link key={place.path} href={place.path} aria-current={isAt(path, place.path) ? "page" : undefined}>
          <Icon name={place.name.toLowerCase() as IconName} />
          <span>{place.name}</span>
        </Link>
      ))}
    </nav>
  );
}

const THEME_ICONS = { system: "system", light: "sun", dark: "moon" } as const;

/** Who is signed in, as what, and whose calls these are. */
function Whose({ whose }: { readonly whose: Me }) {
  const { name, role, tenant_id } = whose;
  return (
    <p class="whose" title={`${name}, ${role} of ${tenant_id}`}>
      <b>{name}</b>
      <span>
        {role} · {tenant_id}
      </span>
    </p>
  );
}

function Tools({ help }: { readonly help: () => void }) {
  const [, navigate] = useLocation();
  const leave = () => void signOut().then(() => navigate("/login"));
  const whose = me.value;
  return (
    <div class="tools">
      {whose && <Whose whose={whose} />}
      <button type="button" class="icon-button" aria-label={`Colours: ${theme.value}`} onClick={switchTheme}>
        <Icon name={THEME_ICONS[theme.value]} />
      </button>
      <button type="button" class="icon-button" aria-label="Keyboard shortcuts" onClick={help}>
        <Icon name="keys" />
      </button>
      {whose && whose.via !== "none" && (
        <button type="button" class="icon-button" aria-label={`Sign out ${whose.name}`} onClick={leave}>
          <Icon name="out" />
        </button>
      )}
    </div>
  );
}

/** `g` and a letter lead to a place, `/` to the search, `?` shows the help. */
function usePlaceKeys(help: () => void): void {
  const [, navigate] = useLocation();
  useEffect(() => {
    let led = Number.NEGATIVE_INFINITY;
    const go = (path: string) => () => {
      const soon = performance.now() - led < LEADING;
      if (soon) navigate(path);
      led = Number.NEGATIVE_INFINITY;
      return soon;
    };
    const letters = PLACES.filter(place => may(place.scope)).map(place => [place.key, go(place.path)]);
    const find = () => (may("search") ? navigate("/search") : false);
    const lead = () => {
      led = performance.now();
    };
    return listen({ ...Object.fromEntries(letters), g: lead, "/": find, "?": help });
  }, [me.value, shortcuts.value]);
}

/** A new view begins at its top, and is told to whoever listens to the page. */
function useArrival(): void {
  const [path] = useLocation();
  const [first, setFirst] = useState(path);
  useEffect(() => {
    if (path === first) return;
    setFirst("");
    window.scrollTo(0, 0);
    document.querySelector<HTMLElement>("main")?.focus({ preventScroll: true });
  }, [path]);
}

export function Shell({ children }: { readonly children: ComponentChildren }) {
  const [helping, setHelping] = useState(false);
  const help = () => setHelping(true);
  usePlaceKeys(help);
  useArrival();
  return (
    <>
      <a class="skip" href="#main">
        Skip to the content
      </a>
      <header class="bar">
        <Link class="brand" href="/">
          <img src="/static/favicon.svg" alt="" width="24" height="24" />
          <span>Callstream</span>
        </Link>
        {me.value && <Navigation />}
        <Tools help={help} />
      </header>
      <main id="main" tabIndex={-1}>
        {children}
      </main>
      <Dock />
      {helping && <Help close={() => setHelping(false)} />}
    </>
  );
}
