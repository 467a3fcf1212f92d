package dev.linen.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class OptionsTest {

    private static Options parse(String line) {
        return Options.parse(line.isEmpty() ? List.of() : List.of(line.split(" ")), Bench.words());
    }

    @Test
    void parse_nothing_isAFullRunOfEverything() {
        Options options = parse("");
        assertEquals(new Options(Effort.FULL, Optional.empty(), Set.of()), options);
        assertEquals(true, options.wants(new LeakMeasurement()));
    }

    @Test
    void parse_words_inEitherCase_wantOnlyThose() {
        Options options = parse("P5 --quick leaks");
        assertEquals(new Options(Effort.QUICK, Optional.empty(), Set.of("p5", "leaks")), options);
        assertEquals(true, options.wants(new CreationMeasurement()));
        assertEquals(true, options.wants(new LeakMeasurement()));
        assertEquals(false, options.wants(new GrowthMeasurement()));
    }

    @Test
    void parse_docs_takesAFolder() {
        assertEquals(new Options(Effort.QUICK, Optional.of(Path.of("docs/performance")), Set.of()),
                parse("--docs docs/performance --quick"));
    }

    @ParameterizedTest
    @CsvSource({"p13, not p13", "--slow, not --slow", "--docs, --docs needs a folder",
            "--docs x p4, 'everything, not of p4'"})
    void parse_whatIsWrong_isTold(String line, String message) {
        String error = assertThrows(IllegalArgumentException.class, () -> parse(line)).getMessage();
        assertEquals(message, error.substring(error.length() - message.length()));
    }

    @Test
    void words_areThoseOfAllTargets_andNoneIsThereTwice() {
        List<String> words = Bench.words();
        assertEquals(words.size(), new HashSet<>(words).size(), words.toString());
        assertEquals(List.of(), Arrays.stream(Target.values()).map(target -> target.name().toLowerCase())
                .filter(word -> !words.contains(word)).toList());
    }
}
