// The start of the page: styles, what follows the address and the keys, and the frame.

import { render } from "preact";
import { watchVisibility } from "./api/live";
import { App } from "./pages/App";
import { followLinks } from "./state/route";
import { followShortcuts } from "./state/shortcuts";
import "./style/palette.css";
import "./style/base.css";
import "./style/controls.css";
import "./style/chart.css";
import "./style/pages.css";
import "./style/print.css";

followLinks();
followShortcuts();
watchVisibility();
render(<App />, document.getElementById("app")!);
