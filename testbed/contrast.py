"""What a browser finds out of a page's texts: which have less contrast than WCAG wants of them."""

from typing import Final

CONTRAST: Final = """
() => {
  const parts = (colour) => colour.match(/[\\d.]+/g).map(Number);
  const light = ([r, g, b]) => [r, g, b].map((v) => v / 255)
    .map((v) => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
    .reduce((sum, v, at) => sum + v * [0.2126, 0.7152, 0.0722][at], 0);
  const behind = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const colour = parts(getComputedStyle(at).backgroundColor);
      if (colour.length === 3 || colour[3] === 1) return colour;
    }
    return [255, 255, 255];
  };
  return [...document.querySelectorAll("body *")].filter((element) =>
    element.checkVisibility() && !element.closest(".unseen, kbd, svg") &&
    [...element.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim())
  ).map((element) => {
    const [front, back] = [parts(getComputedStyle(element).color), behind(element)].map(light);
    const ratio = (Math.max(front, back) + 0.05) / (Math.min(front, back) + 0.05);
    return [element.className || element.tagName, element.textContent.trim(), ratio];
  }).filter(([, , ratio]) => ratio < 4.5);
}
"""
"""Gives the texts below 4.5 to 1 (WCAG 2.2, 1.4.3), each with its class and its ratio."""
