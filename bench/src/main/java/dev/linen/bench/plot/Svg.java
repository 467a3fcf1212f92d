package dev.linen.bench.plot;

import java.util.Locale;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** The text of a picture. Its background is white, whatever that of the page is. */
final class Svg {

    static final String INK = "#222";
    static final String GRID = "#ddd";

    private final StringBuilder text = new StringBuilder();

    Svg(int width, int height) {
        text.append("<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" width=\"%d\" height=\"%d\" "
                .formatted(width, height, width, height)).append("font-family=\"sans-serif\" font-size=\"13\">\n");
        rectangle(0, 0, width, height, "white");
    }

    /** The position of a text relative to its point. */
    enum Anchor {
        START, MIDDLE, END
    }

    /** A point of a line, in pixels to the right and down. */
    record Point(double x, double y) {

        @Override
        public String toString() {
            return number(x) + "," + number(y);
        }
    }

    void rectangle(double x, double y, double width, double height, String colour) {
        element("rect", "x=%s y=%s width=%s height=%s fill=%s", number(x), number(y), number(width), number(height),
                colour);
    }

    void line(double fromX, double fromY, double toX, double toY, String colour) {
        element("line", "x1=%s y1=%s x2=%s y2=%s stroke=%s", number(fromX), number(fromY), number(toX), number(toY),
                colour);
    }

    void curve(Stream<Point> points, String colour) {
        element("polyline", "points=%s fill=%s stroke=%s stroke-width=%s stroke-linejoin=%s",
                points.map(Point::toString).collect(Collectors.joining(" ")), "none", colour, "2.5", "round");
    }

    void text(double x, double y, Anchor anchor, String words) {
        text.append("<text x=\"%s\" y=\"%s\" text-anchor=\"%s\" fill=\"%s\">%s</text>%n".formatted(number(x),
                number(y), anchor.name().toLowerCase(Locale.ROOT), INK, escaped(words)));
    }

    private void element(String name, String attributes, Object... values) {
        text.append('<').append(name).append(' ')
                .append(attributes.replace("%s", "\"%s\"").formatted(values)).append("/>\n");
    }

    private static String escaped(String words) {
        return words.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;");
    }

    /** A tenth of a pixel is enough. */
    private static String number(double value) {
        return String.format(Locale.ROOT, "%.1f", value).replaceFirst("\\.0$", "");
    }

    @Override
    public String toString() {
        return text + "</svg>\n";
    }
}
