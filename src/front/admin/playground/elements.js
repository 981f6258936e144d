// Elements of the page. What functions and events say gets into it as text alone, never as markup.

/** The element with that id. */
export const byId = id => document.getElementById(id);

/**
 * A new element. Attributes whose name begins with `on` are listeners, `class`, `aria-…` and the like are attributes;
 * children are elements or texts, and nothing where there is none.
 */
export function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [attribute, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue;
    if (attribute.startsWith('on')) made.addEventListener(attribute.slice(2), value);
    else made.setAttribute(attribute, value === true ? '' : value);
  }
  made.append(...children.flat().filter(child => child !== undefined && child !== null && child !== false));
  return made;
}

/** Shows an element, or hides it. */
export function show(shown, isShown) {
  shown.hidden = !isShown;
}

/** Says something below an input, or nothing. */
export function say(place, text) {
  place.textContent = text ?? '';
  show(place, Boolean(text));
}
