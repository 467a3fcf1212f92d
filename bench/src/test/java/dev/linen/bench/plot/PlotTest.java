package dev.linen.bench.plot;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import javax.xml.parsers.DocumentBuilderFactory;

import org.junit.jupiter.api.Test;
import org.w3c.dom.Document;

import dev.linen.bench.plot.BarPlot.Bar;

class PlotTest {

    private static Document parse(String svg) throws Exception {
        return DocumentBuilderFactory.newInstance().newDocumentBuilder()
                .parse(new ByteArrayInputStream(svg.getBytes(StandardCharsets.UTF_8)));
    }

    @Test
    void curves_areInsideTheirAxes_andNamed() throws Exception {
        Map<Double, Double> line = new TreeMap<>(Map.of(1.0, 0.0, 10.0, 5.0, 100.0, 10.0));
        String svg = CurvePlot.draw("a & b < c", Axis.logarithmic("threads", 1, 100), Axis.linear("µs", 10),
                Map.of("only", line));
        Document document = parse(svg);
        assertEquals("90,422 475,248 860,74", document.getElementsByTagName("polyline").item(0).getAttributes()
                .getNamedItem("points").getNodeValue());
        assertTrue(document.getDocumentElement().getTextContent().contains("a & b < c"), svg);
        assertTrue(document.getDocumentElement().getTextContent().contains("only"), svg);
    }

    @Test
    void bars_areAsLongAsTheirValues() throws Exception {
        String svg = BarPlot.draw("ratios", List.of(new Bar("half", 0.5, "0.5", true), new Bar("two", 2, "2", false)));
        Document document = parse(svg);
        List<String> widths = List.of(1, 2).stream().map(i -> document.getElementsByTagName("rect").item(i)
                .getAttributes().getNamedItem("width").getNodeValue()).toList();
        assertEquals(List.of("102.5", "410"), widths);
    }

    @Test
    void names_ofBars_beginInsideThePicture() throws Exception {
        String name = "a name of so many words that a plot with a fixed left margin would not have room for it";
        Document document = parse(BarPlot.draw("ratios", List.of(new Bar(name, 1, "1", true))));
        double end = Double.parseDouble(document.getElementsByTagName("text").item(1).getAttributes().getNamedItem("x")
                .getNodeValue());
        assertTrue(end >= 7 * name.length(), () -> end + " for " + name.length() + " characters");
    }
}
