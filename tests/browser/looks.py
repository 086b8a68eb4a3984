"""What can be measured of how a page looks."""

from __future__ import annotations

from playwright.sync_api import Page

#: Contrast of every text on the page with what is behind it (WCAG 2.2, 1.4.3).
CONTRASTS = """() => {
    const light = channels => channels.slice(0, 3)
        .map(value => value / 255)
        .map(value => value <= 0.03928 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4)
        .reduce((sum, value, index) => sum + value * [0.2126, 0.7152, 0.0722][index], 0);
    const channels = color => color.match(/[\\d.]+/g).map(Number);
    const behind = element => {
        for (; element; element = element.parentElement) {
            const found = channels(getComputedStyle(element).backgroundColor);
            if (found.length === 3 || found[3] > 0) return found;
        }
        return [255, 255, 255];
    };
    const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    const contrasts = {};
    while (texts.nextNode()) {
        const words = texts.currentNode.textContent.trim();
        const element = texts.currentNode.parentElement;
        if (!words || !element.checkVisibility()) continue;
        const sides = [
            light(channels(getComputedStyle(element).color)),
            light(behind(element)),
        ].sort((one, other) => other - one);
        contrasts[words] = (sides[0] + 0.05) / (sides[1] + 0.05);
    }
    return contrasts;
}"""


def contrasts(page: Page) -> dict[str, float]:
    """Return every text of a page, with its contrast."""
    found: dict[str, float] = page.evaluate(CONTRASTS)
    assert found
    return found


def fits(page: Page) -> bool:
    """Is the page no wider than its window?"""
    return bool(
        page.evaluate("() => document.documentElement.scrollWidth <= window.innerWidth")
    )
