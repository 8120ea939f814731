type Attributes = Readonly<Record<string, string>>;

/** Makes an element. Text is only ever put in as text. */
function make<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: (Node | string)[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

/** What the page has by that id. */
function byId<E extends HTMLElement = HTMLElement>(id: string): E {
  const element = document.getElementById(id);
  if (!element) throw new Error(`There is no #${id}`);
  return element as E;
}

/** Touches the document only if there is something new, so that a selection stays. */
function setText(element: Element, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}
