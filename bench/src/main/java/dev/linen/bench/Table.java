package dev.linen.bench;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;

/** A Markdown table. Cells are objects; a collection stands for a cell for each of its elements. */
final class Table {

    private final List<String> lines = new ArrayList<>();

    Table(Object... titles) {
        List<String> cells = cells(titles);
        line(cells);
        lines.add("|" + "---|".repeat(cells.size()));
    }

    Table row(Object... cells) {
        line(cells(cells));
        return this;
    }

    List<String> lines() {
        return List.copyOf(lines);
    }

    private void line(List<String> cells) {
        lines.add("| " + String.join(" | ", cells) + " |");
    }

    private static List<String> cells(Object... cells) {
        List<String> texts = new ArrayList<>();
        for (Object cell : cells) {
            if (cell instanceof Collection<?> several) {
                several.forEach(each -> texts.add(each.toString()));
            } else {
                texts.add(cell.toString());
            }
        }
        return texts;
    }
}
