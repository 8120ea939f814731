import { parser } from '@prometheus-io/lezer-promql';

/** A series that a query asks for: the matchers of its labels, its name's among them, as `__name__`. */
export interface Selector {
  readonly name: RegExp;
  readonly labels: readonly string[];
}

export interface Query {
  readonly selectors: readonly Selector[];
  /** Labels that results are grouped by. */
  readonly grouping: readonly string[];
}

/**
 * Parses PromQL, with Grafana's variables in it.
 *
 * @throws {SyntaxError} if it is none
 */
export function parseQuery(text: string): Query {
  const plain = text.replaceAll('$__rate_interval', '5m');
  const selectors: Selector[] = [];
  const grouping: string[] = [];
  parser.parse(plain).iterate({
    enter: ({ type, from, to, node }) => {
      const source = plain.slice(from, to);
      if (type.isError) throw new SyntaxError(`at ${from} of ${plain}`);
      if (type.name === 'VectorSelector') selectors.push(selectorOf(source));
      if (type.name === 'LabelName' && node.parent?.name === 'GroupingLabels') grouping.push(source);
    },
  });
  return { selectors, grouping };
}

function selectorOf(source: string): Selector {
  const [, plainName = '', inside = ''] = /^([\w:]*)(?:\{(.*)\})?$/s.exec(source) ?? [];
  const matchers = [...inside.matchAll(/(\w+)\s*=~?\s*"([^"]*)"/g)].map(([, label = '', value = '']) => [label, value]);
  const name = plainName || (matchers.find(([label]) => label === '__name__')?.[1] ?? '');
  return {
    name: new RegExp(`^(?:${name})$`),
    labels: matchers.map(([label = '']) => label).filter((label) => label !== '__name__'),
  };
}
