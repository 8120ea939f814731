import * as echarts from 'echarts';
import { lifeguard, noPool } from './contenders.mjs';

const TITLE = 'Time to borrow a connection and give it back, as a multiple of Lifeguard’s';
const SIZE = { width: 860, height: 420 };
/** One hue, from dark to light: told apart in print too. The order is that of the legend and of the bars. */
const SHADES = ['#134e6f', '#3a86a8', '#7fb8cf', '#c3dfe9'];
const INK = '#24292f';
const FAINT = '#6e7781';

/**
 * Draws how much faster Lifeguard lends than each of its peers.
 *
 * @param {import('./results.mjs').Results} results
 * @returns {string} an SVG
 */
export function drawChart({ node, sections }) {
  const table = sections['borrow']?.tables[0];
  if (!table) throw new TypeError('borrow was not measured');
  const peers = table.rows.filter(({ name }) => name !== lifeguard.name && name !== noPool.name);
  const cases = Object.keys(peers[0]?.cells ?? {});
  const values = peers.map(({ cells }) => cases.map((name) => timesSlower(cells[name])));
  const chart = echarts.init(null, null, { renderer: 'svg', ssr: true, ...SIZE });
  chart.setOption({
    animation: false,
    backgroundColor: '#ffffff',
    textStyle: { fontFamily: 'system-ui, sans-serif', color: INK },
    color: SHADES,
    title: {
      text: TITLE,
      subtext: `acquire + release, 10 connections, Node ${node}; medians of one run of npm run bench; the dashed line is Lifeguard`,
      left: 16,
      top: 12,
      textStyle: { color: INK, fontSize: 18 },
      subtextStyle: { color: FAINT, fontSize: 13 },
    },
    legend: { bottom: 12, selectedMode: false, itemGap: 32, textStyle: { color: INK, fontSize: 13 } },
    grid: { left: 56, right: 24, top: 84, bottom: 76 },
    xAxis: {
      type: 'category',
      data: cases,
      axisLabel: { color: INK, fontSize: 13 },
      axisTick: { show: false },
      axisLine: { lineStyle: { color: FAINT } },
    },
    // Logarithmic: twice as slow looks alike from wherever it starts.
    yAxis: {
      type: 'log',
      logBase: 2,
      min: Math.min(1, ...values.flat()),
      axisLabel: { color: FAINT, formatter: '{value}×' },
      splitLine: { lineStyle: { color: '#eaeef2' } },
    },
    series: peers.map((peer, index) => ({
      name: peer.name,
      type: 'bar',
      barGap: '12%',
      barCategoryGap: '28%',
      itemStyle: { borderColor: INK, borderWidth: 0.5 },
      label: { show: true, position: 'top', color: INK, fontSize: 12, formatter: '{c}×' },
      data: values[index],
      ...(index === 0 && { markLine: atLifeguard() }),
    })),
  });
  const svg = chart.renderToSVGString();
  chart.dispose();
  return `${asPicture(svg)}\n`;
}

/** With a title for those who can't see it, and without the styles for a pointer that never comes. */
function asPicture(/** @type {string} */ svg) {
  return svg
    .replace(/<style.*<\/style>\s*/s, '')
    .replace('<svg ', '<svg role="img" ')
    .replace('>', `><title>${TITLE}</title>`);
}

function atLifeguard() {
  return {
    silent: true,
    symbol: 'none',
    label: { show: false },
    lineStyle: { color: INK, type: 'dashed', width: 1.5 },
    data: [{ yAxis: 1 }],
  };
}

/**
 * @param {import('./table.mjs').Cell | undefined} cell
 * @returns {number} `NaN` if it was not measured
 */
function timesSlower(cell) {
  return Number((1 / (cell?.ratio?.median ?? Number.NaN)).toPrecision(2));
}
