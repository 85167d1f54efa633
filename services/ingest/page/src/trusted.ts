/** The only HTML that may be parsed from text: none, and the frame in which wavesurfer.js draws. */

const FRAME =
  '<div class="scroll" part="scroll"><div class="wrapper" part="wrapper"><div class="canvases" part="canvases"></div>' +
  '<div class="progress" part="progress"></div><div class="cursor" part="cursor"></div></div></div>';
const STYLE = /<style>([\s\S]*?)<\/style>/;

let style = "";

/** The frame without its style element, which a strict policy does not apply; null for anything else. */
export function frameOnly(html: string): string | null {
  const rest = html.replace(STYLE, "").replace(/>\s+</g, "><").trim();
  return rest === "" || rest === FRAME ? rest : null;
}

interface TrustedTypes {
  createPolicy(name: string, rules: { createHTML: (html: string) => string | null }): unknown;
}

/** Let the browser refuse all other HTML, where it knows Trusted Types. */
export function trustNothingElse(): void {
  const factory = (globalThis as { trustedTypes?: TrustedTypes }).trustedTypes;
  factory?.createPolicy("default", {
    createHTML: html => {
      style = html.match(STYLE)?.[1] ?? style;
      return frameOnly(html);
    },
  });
}

/** Apply wavesurfer's own rules to its shadow root in the way that `style-src 'self'` allows. */
export function adoptStyle(root: ShadowRoot): void {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(root.querySelector("style")?.textContent ?? style);
  root.adoptedStyleSheets = [sheet];
}
