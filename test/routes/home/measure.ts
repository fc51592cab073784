import type { Page } from 'playwright-core';

/** Runs in the page; the DOM's types are not those of this program. */
export const measure = (page: Page, expression: string): Promise<unknown> => page.evaluate(expression);

/** The contrast of each visible text with what is behind it, by WCAG 2's formula. */
export const CONTRASTS = `(() => {
  const parse = (color) => color.match(/[\\d.]+/g).map(Number);
  const luminance = (rgb) => {
    const [r, g, b] = rgb.slice(0, 3).map((c) => (c /= 255) <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = (element) => {
    for (let one = element; one; one = one.parentElement) {
      const color = parse(getComputedStyle(one).backgroundColor);
      if (color.length === 3) return color;
    }
    return [255, 255, 255];
  };
  return [...document.querySelectorAll('body *')].flatMap((element) => {
    const own = [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
    const style = getComputedStyle(element);
    if (!own || element.tagName === 'title' || style.visibility === 'hidden' || !element.getClientRects().length) return [];
    const text = luminance(parse(element.namespaceURI.includes('svg') ? style.fill : style.color));
    const back = luminance(behind(element));
    const ratio = (Math.max(text, back) + 0.05) / (Math.min(text, back) + 0.05);
    return { text: element.textContent.slice(0, 40), ratio };
  });
})()`;

/**
 * How wide the page is to be scrolled, elements that stand out of the window, and amounts that are broken into two lines; in
 * the width that the window has.
 */
export const SIDEWAYS = `(() => {
  const cut = [...document.querySelectorAll('main *, header > :not(.skip)')].filter((element) => {
    const { left, right } = element.getBoundingClientRect();
    return right > left + 1 && (left < -1 || right > innerWidth + 1) && getComputedStyle(element).visibility !== 'hidden';
  });
  const broken = [...document.querySelectorAll('.tiles bdi, .own strong, td')].filter((element) => {
    const lines = new Set([...element.getClientRects()].map(({ top }) => top));
    const { right } = element.getBoundingClientRect();
    return lines.size > 1 || right > element.parentElement.getBoundingClientRect().right;
  });
  const words = (element) => element.outerHTML.slice(0, 80);
  return { scroll: document.documentElement.scrollWidth, cut: cut.map(words), broken: broken.map(words) };
})()`;
